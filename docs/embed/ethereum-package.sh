#!/bin/sh
# The directories that ethereum-package gives its clients, for two nodes of 32 validators each.
#
#   docs/embed/ethereum-package.sh DIRECTORY [PROGRAM]
#
#   DIRECTORY/network-configs/       to /network-configs of every client
#   DIRECTORY/jwt/jwtsecret          to /jwt/jwtsecret of every client
#   DIRECTORY/validator-keys/1-…/    to /validator-keys of the first validator client, and so on
set -eu
directory=$1
program=${2:-regenesis}
values=$(dirname "$0")/values.env

"$program" init --egg-values "$values" --out "$directory" --layout kurtosis \
    --split 0-31:eth2-val-tools,32-63:eth2-val-tools
