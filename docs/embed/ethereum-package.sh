#!/bin/sh
# Writes the directories that ethereum-package mounts, for two nodes with 32 validators each.
#
#   docs/embed/ethereum-package.sh DIRECTORY [PROGRAM]
#
#   DIRECTORY/network-configs/       mount as /network-configs in every client
#   DIRECTORY/jwt/jwtsecret          mount as /jwt/jwtsecret in every client
#   DIRECTORY/validator-keys/1-…/    mount as /validator-keys in the first validator client, and so on
set -eu
directory=$1
program=${2:-regenesis}
values=$(dirname "$0")/values.env

"$program" init --egg-values "$values" --out "$directory" --layout kurtosis \
    --split 0-31:eth2-val-tools,32-63:eth2-val-tools
