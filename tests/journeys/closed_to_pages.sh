#!/usr/bin/env bash
# Asserts that no page of another site reaches the geth on this machine's port $1: neither by a request with
# a preflight, nor by one without, nor under a host name that an attacker's DNS makes point here.
# With $2, the port of its WebSocket.
set -euo pipefail
url=http://127.0.0.1:$1
socket=${2:+http://127.0.0.1:$2}
call='{"jsonrpc":"2.0","id":1,"method":"debug_writeMemProfile","params":["/data/from-a-page"]}'
broken() { echo "error: $*" >&2; exit 1; }

preflight() {
  curl -sS -D - -o /dev/null -X OPTIONS "$url" -H "Origin: $1" -H 'Access-Control-Request-Method: POST' \
    -H 'Access-Control-Request-Headers: content-type' -H 'Access-Control-Request-Private-Network: true'
}
status() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }

for origin in http://evil http://evil:8545 https://evil.example null http://localhost.evil http://el \
  http://127.0.0.1.evil http://evil.localhost chrome-extension://evil file://; do
  if preflight "$origin" | grep -qi '^access-control-allow'; then broken "a preflight of $origin is allowed"; fi
  # What a browser sends without a preflight.
  for type in text/plain application/x-www-form-urlencoded 'multipart/form-data; boundary=x' ''; do
    code=$(status "$url" -H "Origin: $origin" -H "Content-Type:${type:+ $type}" -d "$call")
    [ "$code" = 415 ] || broken "a simple request of $origin with the type \"$type\" got $code"
  done
done
for host in evil evil:8545 localhost.evil 127.0.0.1.evil evil.localhost; do
  code=$(status "$url" -H "Host: $host" -H 'Content-Type: application/json' -d "$call")
  [ "$code" = 403 ] || broken "a request to the host $host got $code"
done
for host in localhost 127.0.0.1; do
  code=$(status "$url" -H "Host: $host:$1" -H 'Content-Type: application/json' \
    -d '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}')
  [ "$code" = 200 ] || broken "a request to the host $host got $code"
done

[ -n "$socket" ] || exit 0
handshake() {
  status --max-time 2 "$socket" -H "Origin: $1" -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
    -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==' 2>/dev/null || true
}
for origin in http://evil https://evil.example null http://localhost.evil http://evil.localhost; do
  [ "$(handshake "$origin")" = 403 ] || broken "a WebSocket of $origin is opened"
done
# A web application under development on this machine.
[ "$(handshake http://localhost:3000)" = 101 ] || broken "a WebSocket of http://localhost:3000 is refused"
preflight http://localhost:3000 | grep -qi '^access-control-allow-origin: http://localhost:3000' ||
  broken "a preflight of http://localhost:3000 is refused"
