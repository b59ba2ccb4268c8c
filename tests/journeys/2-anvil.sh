#!/usr/bin/env bash
# From anvil to geth and a consensus client: capture a contract, boot from it, call it, and change it.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ports 19200

say "a contract on anvil"
"$anvil" --port 19209 --silent --chain-id 31337 &
children+=($!)
from=http://127.0.0.1:19209
for _ in $(seq 600); do
  ! "$cast" block-number --rpc-url $from >/dev/null 2>&1 || break
  sleep 0.1
done
# Its code returns what slot 0 holds; creation stores 42 there.
contract=$("$cast" send --rpc-url $from --private-key $key --json \
  --create 602a5f556008600e5f3960085ff35f545f5260205ff3 |
  sed -n 's/.*"contractAddress":"\(0x[0-9a-fA-F]*\)".*/\1/p')
same "$("$cast" call --rpc-url $from "$contract")" "0x$(printf %064x 42)" "the answer on anvil"

say "captured, and up"
"$regenesis" capture --el-rpc $from --out "$work/app" 2>"$work/said" || broken capture
chmod -R a+rX "$work"
up_well "$work/app"
says '^chain ID +31337$'
same "$("$cast" call --rpc-url $rpc "$contract")" "0x$(printf %064x 42)" "the answer"
nonce=$(nonce)
sends
same "$(nonce)" $((nonce + 1)) "the account's nonce"

say "what a stranger's folder asks for is not done"
before=$(genesis)
cat >"$work/app/.env" <<'END'
# one of the user's
EL_HTTP_PORT=19205
BIND=0.0.0.0
export REGENESIS_IMAGE="evil:1"
COMPOSE_FILE=evil.yml
DOCKER_HOST=unix:///evil.sock
NO_SUCH='thing'
END
cat >"$work/app/docker-compose.override.yml" <<'END'
services:
  init: {user: "0:0", volumes: ["/:/host"]}
  el: {image: "evil:1"}
END
mkdir -p "$work/docker"
printf '#!/bin/sh\ntouch "%s"\n' "$work/root" >"$work/docker/build.sh"
printf 'name = "regenesis"\n' >"$work/Cargo.toml"
chmod 755 "$work/docker/build.sh"
up_well "$work/app"
for line in '3: BIND' '4: REGENESIS_IMAGE' '5: COMPOSE_FILE' '6: DOCKER_HOST' '7: NO_SUCH'; do
  says "note: \.env line $line is "
done
says_not 'EL_HTTP_PORT'
same "$(genesis)" "$before" "the genesis"
same "$(docker port "$(container "$work/app" el)" 8545)" "127.0.0.1:19200" "where geth listens"
up "$work/app" REGENESIS_IMAGE=localhost:1/nowhere:1
failed_with 10
says 'build it in a checkout of regenesis'
[ ! -e "$work/root" ] || broken "up.sh ran a program of the folder above the snapshot"
mv "$work/app/metadata.json" "$work/metadata.json"
up "$work/app" REGENESIS_IMAGE=localhost:1/nowhere:1
[ ! -e "$work/root" ] || broken "without metadata.json, up.sh ran a program of the folder above"
says 'note: \.env line 3: BIND is not read'
mv "$work/metadata.json" "$work/app/metadata.json"

say "captured again: the user's files stay"
mkdir "$work/app/contracts"
echo 'contract A {}' >"$work/app/contracts/A.sol"
echo 'mine' >"$work/app/NOTES.md"
echo '# mine' >>"$work/app/docker-compose.yml"
find "$work/app" \( -name 'docker-compose*' -o -name '*.md' -o -name '*.sol' -o -name .env \) \
  -exec sha256sum {} + >"$work/files"
"$regenesis" capture --el-rpc $from --fund $recipient=1 --out "$work/app" 2>"$work/said" || broken "capture again"
if "$regenesis" compose "$work/app" 2>"$work/said"; then broken "compose replaced an edited file"; fi
says 'docker-compose\.yml'
sha256sum --quiet -c "$work/files" || broken "a file of the user changed"

say "the folder's own port is taken where the shell has none"
"$regenesis" capture --el-rpc $from --out "$work/other/app" 2>"$work/said" || broken capture
printf 'EL_HTTP_PORT=19206\n' >"$work/other/app/.env"
chmod -R a+rX "$work"
env -u EL_HTTP_PORT EL_WS_PORT=19207 CL_HTTP_PORT=19208 "$work/other/app/up.sh" >"$work/said" 2>&1 || broken "up.sh"
says '^execution +http://127.0.0.1:19206$'

say "another snapshot while a chain runs"
stack_in "$work/chain"
ports 19210
cp -r "$work/other/app" "$work/changed"
"$regenesis" capture --el-rpc $from --fund $recipient=5 --out "$work/funded" 2>"$work/said" || broken capture
chmod -R a+rX "$work"
up_well "$work/chain" SNAPSHOT="$work/other/app"
before=$(genesis)
sends
up "$work/chain" SNAPSHOT="$work/funded"
failed_with 5
says 'the running chain continues unchanged'
same "$(genesis)" "$before" "the genesis"
sends
up "$work/other/app" SNAPSHOT="$work/funded"
failed_with 2
says 'starts the snapshot in its own folder'
composed "$work/chain" stop
up_well "$work/chain" SNAPSHOT="$work/funded"
same "$("$cast" balance $recipient --rpc-url $rpc)" 5000000000000000000 "the funded balance"
