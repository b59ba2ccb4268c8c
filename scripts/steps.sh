# Steps that run side by side, each as soon as those that it needs have ended; for .ci/run to source.
#
#   step NAME "NEEDED…" COMMAND…     a step; COMMAND may be a function
#   finish                           runs them, and prints what each has said, in one piece, when it ends
#
# The first step that fails ends all others.
# shellcheck shell=bash
logs=target/ci
steps=()
declare -A needed=() commands=() begun=() ended=() running=()
TIMEFORMAT='-- %0R s; of the processor %0U s, and %0S s of the system for it'
# Each step gets a process group, and is ended with all that it has started.
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
      echo "-- $name begins after $SECONDS s"
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
      echo "error: the step $name has failed: exit code $code" >&2
      exit 1
    fi
  done
}

end_all() {
  local pid
  for pid in "${!running[@]}"; do
    kill -- "-$pid" 2>/dev/null || true
    printf -- '-- ended half-way: %s\n%s\n' "${running[$pid]}" "$(tail -n 3 "$logs/${running[$pid]}.log")"
  done
}
trap end_all EXIT
trap 'exit 130' INT TERM HUP
