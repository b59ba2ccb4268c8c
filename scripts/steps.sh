# Steps that run in parallel, each as soon as the steps it needs have ended; .ci/run sources this.
#
#   step NAME "NEEDED…" COMMAND…     declares a step; COMMAND may be a function
#   finish                           runs all steps, and prints the log of each when it ends
#
# The first step that fails ends all others.
# shellcheck shell=bash
logs=target/ci
steps=()
declare -A needed=() commands=() begun=() ended=() running=()
TIMEFORMAT='-- %0R s; processor time: user %0U s, system %0S s'
# Each step is a process group, so that end_all ends its children, too.
set -m

step() {
  steps+=("$1")
  needed[$1]=$2
  commands[$1]=$(printf '%q ' "${@:3}")
}

ready() {
  local other
  [ -z "${begun[$1]:-}" ] || return 1
  for other in ${needed[$1]}; do [ -n "${ended[$other]:-}" ] || return 1; done
}

finish() {
  local name pid code
  rm -rf "$logs"
  mkdir -p "$logs"
  while [ ${#ended[@]} -lt ${#steps[@]} ]; do
    for name in "${steps[@]}"; do
      ready "$name" || continue
      begun[$name]=$SECONDS
      (eval "time ${commands[$name]}") </dev/null >"$logs/$name.log" 2>&1 &
      running[$!]=$name
      echo "-- $name starts after $SECONDS s"
    done
    code=0
    wait -n -p pid "${!running[@]}" || code=$?
    name=${running[$pid]}
    unset "running[$pid]"
    ended[$name]=$SECONDS
    printf '\n== %s (from %d s to %d s; %s free)\n' "$name" "${begun[$name]}" "$SECONDS" \
      "$(df -h --output=avail . | tail -1 | tr -d ' ')"
    cat "$logs/$name.log"
    if [ "$code" != 0 ]; then
      echo "error: step $name failed with exit code $code" >&2
      exit 1
    fi
  done
}

end_all() {
  local pid
  for pid in "${!running[@]}"; do
    kill -- "-$pid" 2>/dev/null || true
    printf -- '-- stopped: %s\n%s\n' "${running[$pid]}" "$(tail -n 3 "$logs/${running[$pid]}.log")"
  done
}
trap end_all EXIT
trap 'exit 130' INT TERM HUP
