#!/usr/bin/env bash
# A devnet in a minute: start it, send, stop, start, and a second one in a folder of the same name.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ports 19100
chain=$work/one/chain
stack_in "$chain"

say "the first start, twice at once"
begun=$SECONDS
"$chain/up.sh" >"$work/twin" 2>&1 &
twin=$!
up_well "$chain"
wait "$twin" || { cp "$work/twin" "$work/said"; broken "the second up.sh failed"; }
[ $((SECONDS - begun)) -le 300 ] || broken "the first block came after $((SECONDS - begun)) s"
says '^chain ID +271828$'
says "^execution +$rpc$"
says '^accounts +20 with'
says_not '^ *new genesis: '
sends
sends
first=$(genesis)

say "no web page reaches it, and capture does"
"$root/tests/journeys/closed_to_pages.sh" "$EL_HTTP_PORT" "$EL_WS_PORT"
docker cp "$(container "$chain" el):/data" - | tar -t | { ! grep from-a-page; } || broken "a page wrote a file"
"$regenesis" capture --el-rpc "$rpc" --out "$work/captured" 2>"$work/said" || broken capture

say "every way to reach a chain that lives leaves it alone"
up_well "$chain"
composed "$chain" restart cl
up_well "$chain"
composed "$chain" restart vc
up_well "$chain"
docker kill --signal KILL "$(container "$chain" el)" >/dev/null
up_well "$chain"
same "$(genesis)" "$first" "the genesis"
same "$(nonce)" 2 "the account's nonce"
sends

say "a second folder of the same name"
ports 19110
second=$work/two/chain
stack_in "$second"
up_well "$second"
differs "$(project_of "$second")" "$(project_of "$chain")" "the project"
differs "$(genesis)" "$first" "the genesis"
same "$(nonce)" 0 "the second chain's nonce"
ports 19100
same "$(genesis)" "$first" "the first chain's genesis"
sends
up "$second" COMPOSE_PROJECT_NAME="$(project_of "$chain")"
failed_with 2
says "belongs to the folder $chain, not to $second"
same "$(genesis)" "$first" "the first chain's genesis"

say "plain docker compose in the folder means the stack of up.sh, also in a copied folder"
same "$(cd "$chain" && "${compose[@]}" ps -q el)" \
  "$("${compose[@]}" -p "$(project_of "$chain")" -f "$chain/docker-compose.yml" ps -q el)" "the container of geth"
grep -qx "COMPOSE_PROJECT_NAME=$(project_of "$second")" "$second/.env" || broken "the second folder's .env"
cp "$chain/.env" "$second/.env"
ports 19110
up_well "$second"
grep -qx "COMPOSE_PROJECT_NAME=$(project_of "$second")" "$second/.env" || broken "a copied .env stays"
printf 'COMPOSE_PROJECT_NAME=%s\n# mine\n' "$(project_of "$chain")" >"$second/.env"
cp "$second/.env" "$work/env"
up "$second"
failed_with 2
says "belongs to the folder $chain, not to $second"
cmp -s "$work/env" "$second/.env" || broken "up.sh changed the user's .env"
rm "$second/.env"

say "plain docker compose in the folder without .env, then up.sh"
composed "$second" down -v
(cd "$second" && "${compose[@]}" up -d) >/dev/null 2>&1
up "$second"
failed_with 2
says 'is already running as the project chain: plain docker compose started it'
up_well "$second" COMPOSE_PROJECT_NAME=chain
ports 19100

say "a stop, and what it costs"
says 'discards all transactions since this one'
composed "$chain" stop
up_well "$chain"
differs "$(genesis)" "$first" "the genesis"
same "$(nonce)" 0 "the account's nonce"
says '^ *new genesis: '
sends
