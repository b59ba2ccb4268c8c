#!/usr/bin/env python3
"""Restarts each part of a chain on a kubelet; scripts/kubelet.sh starts it.

    scripts/kubelet_events.py PROGRAM DIRECTORY
"""

import functools
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import yaml

PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
# Generous: the machine may be busy.
LIMIT = 600
GATEWAY = "10.244.77.1"


def ctr(*arguments):
    command = ["ctr", "--address", f"{WORK}/containerd.sock", "--namespace", "k8s.io", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wait(what, condition):
    """The first true value of `condition`, which may fail."""
    error, end = None, time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
        except (OSError, LookupError, TypeError, ValueError) as found:
            error = found
        time.sleep(1)
    raise SystemExit(f"error: {LIMIT} s without {what}: {error}")


def pod():
    with urllib.request.urlopen("http://127.0.0.1:20255/pods", timeout=10) as answer:
        return json.load(answer)["items"][0]


def block(number):
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [number, False]}
    url = f"http://{pod()['status']['podIP']}:8545"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


def head():
    return int(block("latest")["number"], 16)


def restarts():
    status = pod()["status"]
    every = status["initContainerStatuses"] + status["containerStatuses"]
    return {one["name"]: one["restartCount"] for one in every}


def settled(least):
    """The hash of block 0, once the pod is ready and has this many blocks."""
    def is_settled():
        conditions = {c["type"]: c["status"] for c in pod()["status"]["conditions"]}
        return conditions.get("Ready") == "True" and head() >= least and block("0x0")["hash"]
    return wait("a pod that is ready and builds blocks", is_settled)


def process(container):
    """The process id of a container; of the sandbox without a name."""
    for line in ctr("task", "list").splitlines()[1:]:
        name, pid, state = line.split()[:3]
        labels = json.loads(ctr("container", "info", name))["Labels"]
        kind = labels.get("io.cri-containerd.kind")
        is_meant = labels.get("io.kubernetes.container.name") == container if container else kind == "sandbox"
        if is_meant and state == "RUNNING":
            return int(pid)
    raise SystemExit(f"error: no container {container or 'sandbox'} runs")


def event(name, act, seconds=0):
    """Runs an event; returns the table's row."""
    genesis, before, least = block("0x0")["hash"], restarts(), head() + 3
    start = time.monotonic()
    act()
    time.sleep(5)
    after = settled(0)
    # A new chain starts at 0.
    settled(least if after == genesis else 3)
    took = time.monotonic() - start
    now = restarts()
    again = ", ".join(name for name in now if now[name] > before[name]) or "none"
    # The counts of init containers are those of the present sandbox.
    again, kind = (again, "same genesis") if after == genesis else ("all", "new genesis")
    print(f"| {name} | {again} | {kind}, {took:.0f} s |", flush=True)
    return after == genesis


def rendered(*arguments):
    """The pod of the deployment that `regenesis kube` renders, as a static pod."""
    text = subprocess.run([PROGRAM, "kube", "--name", "test", *arguments], check=True, capture_output=True,
                          text=True, env={**os.environ, "LIGHTHOUSE_IMAGE": "regenesis-e2e/consensus:1",
                                          "GETH_IMAGE": "regenesis-e2e/clients:1"}).stdout
    deployment = next(o for o in yaml.safe_load_all(text) if o["kind"] == "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    for container in spec["initContainers"] + spec["containers"]:
        # The suite's images are on this machine only; the tools image has a name of its own.
        container["imagePullPolicy"] = "Never"
        if container["name"] == "restore":
            container["image"] = os.environ["REGENESIS_TOOLS_IMAGE"]
            # A static pod refers to no secret.
            del container["envFrom"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "test", "namespace": "default"}, "spec": spec}


def start(manifest):
    (WORK / "manifests/pod.yaml").write_text(json.dumps(manifest))
    return settled(3)


def stop():
    (WORK / "manifests/pod.yaml").unlink()

    def is_gone():
        with urllib.request.urlopen("http://127.0.0.1:20255/pods", timeout=10) as answer:
            return not json.load(answer)["items"] and len(ctr("task", "list").splitlines()) == 1
    wait("the end of the pod", is_gone)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_):
        pass


def archive():
    """Serves an archive of the sample; returns its URL and its digest."""
    sample = WORK / "sample"
    for file in ["metadata.json", "cl/config.yaml", "el/genesis.template.json", "val/mnemonics.yaml"]:
        (sample / file).parent.mkdir(parents=True, exist_ok=True)
        (sample / file).write_bytes(pathlib.Path("sample", file).read_bytes())
    packed = subprocess.run([PROGRAM, "pack", sample, WORK / "serve/sample.tar.zst"], check=True,
                            capture_output=True, text=True).stdout
    handler = functools.partial(Quiet, directory=WORK / "serve")
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return sample, f"http://{GATEWAY}:{server.server_port}/sample.tar.zst", packed.split()[0]


def main():
    wait("the kubelet", lambda: urllib.request.urlopen("http://127.0.0.1:20248/healthz", timeout=10).read() == b"ok")
    started = time.monotonic()
    start(rendered())
    print(f"one pod, the sample: three blocks after {time.monotonic() - started:.0f} s\n")
    print("| event | restarted | result |\n|---|---|---|")
    kill = lambda container: lambda: os.kill(process(container), signal.SIGKILL)
    kept = [event(f"`kill -9` of `{name}`", kill(name)) for name in ("el", "cl", "vc", "watch")]
    assert all(kept), "a container that restarts has lost its genesis"
    assert not event("`kill -9` of the sandbox", kill(None)), "a new sandbox has kept the genesis"
    stop()

    sample, url, sha256 = archive()
    started = time.monotonic()
    start(rendered(str(sample), "--from", f"init={url}", "--sha256", sha256))
    print(f"\none pod, an archive that an init container restores: three blocks after "
          f"{time.monotonic() - started:.0f} s\n")
    print("| event | restarted | result |\n|---|---|---|")
    assert event("`kill -9` of `el`", kill("el")), "a container that restarts has lost its genesis"
    assert not event("`kill -9` of the sandbox", kill(None)), "a new sandbox has kept the genesis"
    stop()


main()
