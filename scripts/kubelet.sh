#!/usr/bin/env bash
# Runs what `regenesis kube` renders on a real kubelet and containerd, and prints what a restart of each part
# does to the chain. Needs root, cgroup v1 or v2, the packages containerd, runc and
# containernetworking-plugins, and the suite's images (e2e/docker/images.sh).
#
#   scripts/kubelet.sh PROGRAM     PROGRAM: a regenesis with all verbs
#
# The kubelet has no API server: it runs the pod of the deployment from a file. What needs an API server is
# not tested: claims, jobs, secrets, services, admission.
# REGENESIS_IMAGE and REGENESIS_TOOLS_IMAGE: regenesis:e2e and regenesis:e2e-tools by default.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "$1")
kubelet=$(scripts/install_kubelet.sh)
venv=$(scripts/venv.sh embed)
work=$(mktemp -d /var/lib/regenesis-kubelet-XXXXXX)
images=("${REGENESIS_IMAGE:=regenesis:e2e}" "${REGENESIS_TOOLS_IMAGE:=regenesis:e2e-tools}" \
  regenesis-e2e/clients:1 regenesis-e2e/consensus:1)
started=()
bridge="kubelet-test0"
ctr() { command ctr --address "$work/containerd.sock" --namespace k8s.io "$@"; }
end() {
  local pid
  # Without its manifest, the kubelet ends the pod.
  rm -f "$work"/manifests/*
  for _ in $(seq 60); do [ -n "$(ctr task list --quiet 2>/dev/null)" ] || break; sleep 1; done
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do while [ -e "/proc/$pid" ]; do sleep 0.2; done; done
  # What the kubelet and containerd mounted below it.
  awk -v root="$work/" 'index($2, root) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount -l || true
  ip link delete "$bridge" 2>/dev/null || true
  [ "${KEEP:-}" ] || rm -rf "$work"
}
trap end EXIT

mkdir -p "$work"/{cni,manifests,logs,serve}
cat >"$work/cni/10-bridge.conflist" <<END
{"cniVersion": "0.4.0", "name": "test", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": false,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.77.0/24"}]], "dataDir": "$work/ipam"}}]}
END
cat >"$work/containerd.toml" <<END
version = 2
root = "$work/containerd"
state = "$work/containerd-state"
[grpc]
  address = "$work/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  # Any image that sleeps.
  sandbox_image = "docker.io/regenesis-e2e/pause:1"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$work/cni"
END
cat >"$work/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: $work/manifests
containerRuntimeEndpoint: unix://$work/containerd.sock
address: 127.0.0.1
port: 20250
readOnlyPort: 20255
healthzPort: 20248
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
podLogsDir: $work/logs
evictionHard: {memory.available: "0%", nodefs.available: "0%", imagefs.available: "0%", nodefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
END
DOCKER_BUILDKIT=0 docker build --quiet --tag regenesis-e2e/pause:1 - >/dev/null <<END
FROM regenesis-e2e/base:1
ENTRYPOINT ["sleep", "infinity"]
END

containerd --config "$work/containerd.toml" >"$work/containerd.log" 2>&1 &
started+=($!)
for _ in $(seq 60); do ctr version >/dev/null 2>&1 && break; sleep 0.5; done
docker save "${images[@]}" regenesis-e2e/pause:1 | ctr images import - >/dev/null
"$kubelet" --config "$work/kubelet.yaml" --root-dir "$work/kubelet" --cert-dir "$work/kubelet-certs" \
  --hostname-override test-node --v 1 >"$work/kubelet.log" 2>&1 &
started+=($!)

"$venv/bin/python" scripts/kubelet_events.py "$program" "$work"
