#!/bin/sh
# The software bill of materials (CycloneDX 1.5) of the program: every crate that is linked into it.
#
#   docker/sbom.sh TARGET
set -eu
cd "$(dirname "$0")/.."
cargo tree --locked --edges normal --target "$1" --prefix none --format '{p}|{l}' |
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
