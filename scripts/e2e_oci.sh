#!/usr/bin/env bash
# Snapshots in a real registry (Debian's docker-registry), behind a proxy that cuts, delays and corrupts:
# push, pull, kills, signatures, credentials, images.
#
#   scripts/e2e_oci.sh PROGRAM [COSIGN]
#
# With COSIGN (scripts/install_cosign.sh prints its path), cosign also checks a signature.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
missing=()
[ -x /usr/bin/docker-registry ] || missing+=(docker-registry)
command -v skopeo >/dev/null || missing+=(skopeo)
command -v htpasswd >/dev/null || missing+=(apache2-utils)
command -v openssl >/dev/null || missing+=(openssl)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "error: tools are missing: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  apt-get update --quiet >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}" >/dev/null
fi
exec python3 "$root/scripts/e2e_oci.py" "$(realpath "$1")" "$root/sample" "${2:-}"
