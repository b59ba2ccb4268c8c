# Steps that run side by side, each as soon as those that it needs have ended; for .ci/run to source.
#
#   step NAME "NEEDED…" COMMAND…     a step; COMMAND may be a function
#   finish                           waits for all, and prints what each has said, in one piece, when it ends
#
# The first step that fails is the last one printed: all others are ended with it.
# shellcheck shell=bash
logs=target/ci
rm -rf "$logs"
mkdir -p "$logs"
declare -A running=()
TIMEFORMAT='-- %0R s; of the processor %0U s, and %0S s of the system for it'
# Each step gets a process group, and is ended with all that it has started.
set -m

step() {
  local name=$1 needed=$2
  shift 2
  (
    for other in $needed; do until [ -e "$logs/$other.ended" ]; do sleep 0.5; done; done
    echo "$SECONDS" >"$logs/$name.begun"
    time "$@"
  ) </dev/null >"$logs/$name.log" 2>&1 &
  running[$!]=$name
}

finish() {
  local pid code name
  while [ ${#running[@]} -gt 0 ]; do
    code=0
    wait -n -p pid "${!running[@]}" || code=$?
    name=${running[$pid]}
    unset "running[$pid]"
    printf '\n== %s (from %d s to %d s; %s free)\n' "$name" "$(cat "$logs/$name.begun")" "$SECONDS" \
      "$(df -h --output=avail . | tail -1 | tr -d ' ')"
    cat "$logs/$name.log"
    if [ "$code" != 0 ]; then
      echo "error: the step $name has failed: exit code $code" >&2
      exit 1
    fi
    touch "$logs/$name.ended"
  done
}

end_all() {
  for pid in "${!running[@]}"; do
    [ ! -e "$logs/${running[$pid]}.begun" ] || echo "-- ended half-way: ${running[$pid]}"
    kill -- "-$pid" 2>/dev/null || true
  done
}
trap end_all EXIT
trap 'exit 130' INT TERM HUP
