#!/bin/sh
# The software bill of materials (CycloneDX 1.5) of the program: every crate linked into it.
#
#   docker/sbom.sh TARGET [FEATURES…]     FEATURES: the cargo flags that the program is built with
set -eu
cd "$(dirname "$0")/.."
target=$1
shift
cargo tree --locked --package regenesis --edges normal --target "$target" "$@" --prefix none --format '{p}|{l}' |
  sed -e 's/ (\*)$//' -e 's/ (proc-macro)//' -e 's/ ([^|]*)|/|/' | sort -u |
  awk -F'[ |]' '
    BEGIN {
      print "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.5\", \"version\": 1, \"components\": ["
    }
    {
      name = $1; version = substr($2, 2); licence = $0; sub(/^[^|]*\|/, "", licence)
      gsub(/ \(\*\)$/, "", licence); gsub("/", " OR ", licence)
      printf "%s  {\"type\": \"library\", \"name\": \"%s\", \"version\": \"%s\", \"purl\": \"pkg:cargo/%s@%s\", \"licenses\": [{\"expression\": \"%s\"}]}", separator, name, version, name, version, licence
      separator = ",\n"
    }
    END { print "\n]}" }'
