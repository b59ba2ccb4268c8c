"""The tests of scripts/e2e_oci.sh. Arguments: program, sample snapshot, path of cosign or an empty text."""

import base64
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from oci_servers import Proxy, Tokens

PROGRAM, SAMPLE, COSIGN = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
WORK = Path(tempfile.mkdtemp(prefix="regenesis-oci-"))
# Bytes of a large file; nothing compresses it.
ENTRY, ENTRIES = 1_200_000, 8
# Bytes that a killed pull may have read ahead, also in sockets.
AHEAD = 1 << 22
SERVERS = []
ENV = {**os.environ, "DOCKER_CONFIG": str(WORK / "docker"), "XDG_CACHE_HOME": str(WORK / "cache")}


def run(*arguments, code=0, words="", env=None):
    """Runs the program; checks its exit code and what it prints. No secret is ever printed."""
    line = [PROGRAM, *map(str, arguments)]
    ended = subprocess.run(line, cwd=WORK, env={**ENV, **(env or {})}, capture_output=True, text=True)
    output = ended.stdout + ended.stderr
    assert ended.returncode == code, f"{line}: exit code {ended.returncode}, expected {code}\n{output}"
    assert words in output, f"{line}: no {words!r} in\n{output}"
    assert "hunter2" not in output and "PRIVATE KEY" not in output, output
    return ended


def registry(name, auth=""):
    """Starts a registry; returns its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = WORK / f"{name}.yml"
    config.write_text(f"""version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {WORK}/{name}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}", secret: x}}
{auth}""")
    log = open(WORK / f"{name}.log", "w")
    SERVERS.append(subprocess.Popen(["/usr/bin/docker-registry", "serve", config], stdout=log, stderr=log))
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return port
        except OSError:
            time.sleep(0.1)
    raise AssertionError((WORK / f"{name}.log").read_text())


def api(port, method, path, body=None, kind="application/vnd.oci.image.manifest.v1+json"):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, body=body, headers={"Content-Type": kind, "Accept": kind})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tree(directory):
    """Paths with contents and modes, without our marker. A restore lets the stack's user read secrets by an
    access list, whose mask the bits of the group show: those of a secret do not count."""
    def mode(path):
        bits = path.stat().st_mode
        return oct(bits if bits & 0o007 else bits & ~0o040)

    files = sorted(path for path in Path(directory).rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): (path.read_bytes(), mode(path)) for path in files
            if path.name != ".regenesis-restored.json"}


def is_running(child):
    child.poll()
    return not isinstance(child.returncode, int)


def nothing_left(name):
    left = [path.name for path in WORK.iterdir() if path.name.startswith(name)]
    assert not left, left


def push_and_pull(proxy):
    place = f"oci://127.0.0.1:{proxy.port}/team/chain"
    pinned = run("push", "snapshot", f"{place}:v1").stdout.strip()
    assert pinned.startswith(f"{place}:v1@sha256:"), pinned
    first = len(proxy.uploads)
    assert first == len({data for data, _ in tree(WORK / "snapshot").values()}) + 1, first
    proxy.reset()
    assert run("push", "snapshot", f"{place}:v1").stdout.strip() == pinned
    assert proxy.uploads == [], "a second push sends nothing"
    shutil.copytree(WORK / "snapshot", WORK / "edited")
    (WORK / "edited/data/3").write_bytes(b"changed")
    other = run("push", "edited", f"{place}:v2").stdout.strip()
    assert other != pinned and proxy.uploads == [7], proxy.uploads
    shutil.rmtree(WORK / "edited")

    done = run("pull", pinned, "copy", "--json")
    assert json.loads(done.stdout)["reference"] == pinned
    assert tree(WORK / "copy") == tree(WORK / "snapshot")
    run("pull", pinned, "copy", words="nothing to do")
    run("pull", f"{place}:v2", "copy", code=7, words="was restored from the archive")
    run("pull", f"{place}:none", "none", code=12, words="does not exist")
    run("pull", f"{place}@sha256:{'0' * 64}", "none", code=12)
    run("pull", "oci://127.0.0.1:1/team/chain", "none", code=4, words="refuses the connection")
    nothing_left("none")
    run("verify", "copy")
    run("oci", "verify", f"{place}:v1", words=pinned)
    listed = json.loads(run("oci", "ls", place, "--json").stdout)["tags"]
    assert [row["tag"] for row in listed] == ["v1", "v2"] and listed[0]["kind"] == "snapshot", listed
    assert run("oci", "ls", place).stdout.count("snapshot") == 2
    proxy.replaced = {"/manifests/v2": b" " * (5 << 20)}
    listed = run("oci", "ls", place, "--json", words='the tag "v2" is left out')
    assert [row["tag"] for row in json.loads(listed.stdout)["tags"]] == ["v1"], listed.stdout
    proxy.replaced = {}
    shown = json.loads(run("oci", "inspect", pinned, "--json").stdout)
    assert [file["path"] for file in shown["files"]] == sorted(tree(WORK / "snapshot")), shown
    run("oci", "inspect", f"{place}:v1", words="val/mnemonics.yaml")
    return place, pinned


def init(place, pinned, proxy):
    """The same seed and time give the same bytes from the snapshot, its pull, and the reference."""
    fixed = ["--seed", "07" * 32, "--timestamp", "1800000000"]
    for name, snapshot in [("a", "snapshot"), ("b", "copy"), ("c", pinned), ("d", f"{place}:v1")]:
        run("init", snapshot, "--out", f"runtime-{name}/out", *fixed)
    trees = []
    for name in "abcd":
        found = tree(WORK / f"runtime-{name}/out")
        found = {path: data for path, data in found.items() if not path.startswith(".regenesis")}
        summary = found.pop("regenesis.json", None)
        assert summary, list(found)[:9]
        trees.append(found)
    assert trees[0] == trees[1] == trees[2] == trees[3]
    proxy.reset()
    shutil.rmtree(WORK / "runtime-c")
    run("init", pinned, "--out", "runtime-c/out", *fixed, words="is in the cache")
    assert proxy.requests == [], "a pinned snapshot in the cache needs no network"
    kept = json.loads(run("oci", "cache", "--json").stdout)
    assert len(kept["snapshots"]) == 1 and kept["bytes"] > ENTRY * ENTRIES, kept
    run("oci", "cache", "--clear", words="removed")
    assert json.loads(run("oci", "cache", "--json").stdout)["snapshots"] == []


def images(place, proxy, port):
    """The image has the same files; a second push sends none of it."""
    printed = run("push", "snapshot", f"{place}:v1", "--with-image").stdout.splitlines()
    index = "application/vnd.oci.image.index.v1+json"
    _, manifest, _ = api(port, "GET", "/v2/team/chain/manifests/v1-image", kind=index)
    assert printed[1] == f"{place.removeprefix('oci://')}:v1-image@{digest(manifest)}", printed
    proxy.reset()
    run("push", "snapshot", f"{place}:v1", "--with-image")
    assert proxy.uploads == []
    docker = f"docker://127.0.0.1:{port}/team/chain"
    shown = json.loads(skopeo("inspect", "--tls-verify=false", f"{docker}:v1-image").stdout)
    assert shown["Architecture"] in ("amd64", "arm64") and shown["Os"] == "linux", shown
    raw = json.loads(skopeo("inspect", "--raw", "--tls-verify=false", f"{docker}:v1").stdout)
    assert raw["artifactType"] == "application/vnd.regenesis.snapshot.v1"
    skopeo("copy", "--src-tls-verify=false", f"{docker}:v1-image", f"dir:{WORK}/image")
    manifest = json.loads((WORK / "image/manifest.json").read_text())
    for layer in manifest["layers"]:
        with tarfile.open(WORK / "image" / layer["digest"].removeprefix("sha256:")) as archive:
            archive.extractall(WORK / "unpacked")
    plain = {path: data for path, (data, _) in tree(WORK / "snapshot").items()}
    assert {path: data for path, (data, _) in tree(WORK / "unpacked").items()} == plain
    skopeo("copy", "--src-tls-verify=false", "--dest-tls-verify=false", f"{docker}:v1", f"{docker}-copy:v1")
    run("pull", f"oci://127.0.0.1:{port}/team/chain-copy:v1", "of-skopeo")
    assert tree(WORK / "of-skopeo") == tree(WORK / "snapshot")
    run("pull", f"{place}:v1-image", "none", code=3, words="an index of images")
    nothing_left("none")


def skopeo(*arguments):
    ended = subprocess.run(["skopeo", *arguments], capture_output=True, text=True)
    assert ended.returncode == 0, f"skopeo {arguments}: {ended.stderr}"
    return ended


def faults(place, proxy):
    """Cut connections continue at their byte; other bytes than listed leave nothing."""
    size = sum(len(data) for data, _ in tree(WORK / "snapshot").values())
    proxy.reset()
    proxy.faults = [("cut", 500_000), ("status", 503), ("cut", 300_000), ("delay", 1), ("cut", 1)] * 2
    run("pull", f"{place}:v1", "cut", words="trying again")
    assert tree(WORK / "cut") == tree(WORK / "snapshot")
    assert proxy.sent <= size + 10 * AHEAD and not proxy.faults
    for number in range(4):
        proxy.faults = [(None, 0)] * (number * 3) + [("flip", 0)]
        run("pull", f"{place}:v1", "flipped", code=5, words="sha256 is")
        nothing_left("flipped")
    proxy.faults = [("flip", 0)]
    run("oci", "verify", f"{place}:v1", code=5)
    proxy.faults = []
    # A registry that gives another manifest than the one asked for.
    pinned = run("oci", "verify", f"{place}:v1").stdout.strip()
    name = pinned.split("@")[1]
    _, manifest, _ = api(proxy.port, "GET", f"/v2/team/chain/manifests/{name}")
    proxy.replaced = {name: manifest.replace(b'"644"', b'"755"', 1)}
    run("pull", pinned, "tampered", code=5, words="the manifest has the digest")
    proxy.replaced = {}
    nothing_left("tampered")


def kills(place, proxy):
    """Twenty kills, then a complete pull; little is read twice."""
    chance = random.Random(11)
    size = sum(len(data) for data, _ in tree(WORK / "snapshot").values())
    proxy.reset()
    (WORK / "mounted").mkdir()
    killed = 0
    for target in ["killed", "mounted"]:
        for _ in range(10):
            skipped = chance.randrange(3)
            proxy.stalled.clear()
            proxy.faults = [(None, 0)] * skipped + [("stall", chance.randrange(1_000_000))]
            pull = subprocess.Popen([PROGRAM, "pull", f"{place}:v1", target], cwd=WORK, env=ENV,
                                    stderr=subprocess.DEVNULL)
            while not proxy.stalled.wait(0.05) and is_running(pull):
                pass
            time.sleep(0.1)
            pull.send_signal(signal.SIGKILL)
            killed += pull.wait() == -signal.SIGKILL
        proxy.faults = []
        run("pull", f"{place}:v1", target)
        assert tree(WORK / target) == tree(WORK / "snapshot"), target
        nothing_left("killed.restore")
        assert not (WORK / "mounted/.regenesis-restore").exists() or target == "killed"
    assert killed >= 15, killed
    assert proxy.sent <= 2 * size + 20 * (ENTRY + AHEAD), proxy.sent
    # Two at once exclude each other.
    proxy.stalled.clear()
    proxy.faults = [("stall", 1000)]
    pull = subprocess.Popen([PROGRAM, "pull", f"{place}:v1", "twice"], cwd=WORK, env=ENV, stderr=subprocess.DEVNULL)
    assert proxy.stalled.wait(60)
    run("pull", f"{place}:v1", "twice", code=7, words="another restore is running here")
    pull.kill()
    pull.wait()
    shutil.rmtree(WORK / "twice.restore")


def hostile(port):
    """Manifests of another author are refused before anything is downloaded."""
    place = f"oci://127.0.0.1:{port}/team/chain"
    _, text, _ = api(port, "GET", "/v2/team/chain/manifests/v1")
    good = json.loads(text)

    def layers(change):
        manifest = json.loads(text)
        change(manifest["layers"])
        return manifest

    def title(path):
        return lambda layers: layers[0]["annotations"].update({"org.opencontainers.image.title": path})

    cases = {
        "the path leads out": layers(title("../escape")),
        "the path is absolute": layers(title("/etc/cron.d/x")),
        "this path twice": layers(lambda layers: layers.append(dict(layers[0]))),
        "differs only in case": layers(lambda layers: layers[0]["annotations"].update(
            {"org.opencontainers.image.title": layers[1]["annotations"]["org.opencontainers.image.title"].upper()})),
        "no valid annotation dev.regenesis.mode": layers(
            lambda layers: layers[0]["annotations"].update({"dev.regenesis.mode": "4755"})),
        "is an image": {**good, "artifactType": ""},
        "has the media type": layers(lambda layers: layers[0].update(mediaType="application/x-symlink")),
        "no valid annotation dev.regenesis.archive.sha256": {**good, "annotations": {}},
    }
    for words, manifest in cases.items():
        if not manifest.get("artifactType"):
            manifest.pop("artifactType", None)
        status, body, _ = api(port, "PUT", "/v2/team/chain/manifests/evil", json.dumps(manifest))
        assert status == 201, body
        run("pull", f"{place}:evil", "evil", code=3, words=words)
        nothing_left("evil")
    # Sizes that differ from the blobs'.
    manifest = layers(lambda layers: layers[0].update(size=layers[0]["size"] + 1))
    proxy = Proxy(port)
    proxy.replaced = {"/manifests/v1": json.dumps(manifest).encode()}
    run("pull", f"oci://127.0.0.1:{proxy.port}/team/chain:v1", "evil", code=4, words="another size")
    proxy.replaced = {"/manifests/v1": b" " * (5 << 20)}
    run("pull", f"oci://127.0.0.1:{proxy.port}/team/chain:v1", "evil", code=4, words="more than 4194304 bytes")
    nothing_left("evil")
    api(port, "DELETE", "/v2/team/chain/manifests/evil")


def keys():
    for name, options in [("ed", ["-algorithm", "ed25519"]), ("other", ["-algorithm", "ed25519"]),
                          ("p256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])]:
        subprocess.run(["openssl", "genpkey", *options, "-out", f"{name}.key"], cwd=WORK, check=True)
        subprocess.run(["openssl", "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub"], cwd=WORK,
                       check=True)
        assert oct((WORK / f"{name}.key").stat().st_mode)[-3:] == "600"


def signatures(proxy):
    keys()
    place = f"oci://127.0.0.1:{proxy.port}/team/signed"
    run("push", "snapshot", f"{place}:v1")
    run("pull", f"{place}:v1", "unsigned", "--key", "ed.pub", code=5, words="is not signed")
    os.chmod(WORK / "ed.key", 0o644)
    run("push", "snapshot", f"{place}:v1", "--sign", "ed.key", code=3, words="other users can read the key")
    os.chmod(WORK / "ed.key", 0o600)
    run("push", "snapshot", f"{place}:v1", "--sign", "ed.pub", code=3)
    pinned = run("push", "snapshot", f"{place}:v1", "--sign", "ed.key", "--with-image").stdout.splitlines()[0]
    proxy.reset()
    run("push", "snapshot", f"{place}:v1", "--sign", "ed.key", words="was signed by this key")
    assert proxy.uploads == []
    run("oci", "verify", f"{place}:v1", "--key", "p256.pub", code=5, words="no valid signature of this key")
    run("push", "snapshot", f"{place}:v1", "--sign", "p256.key")
    for name in ["ed", "p256"]:
        run("oci", "verify", f"{place}:v1", "--key", f"{name}.pub", words=pinned)
        run("pull", f"{place}:v1", f"signed-{name}", "--key", f"{name}.pub")
    run("pull", f"{place}:v1", "other", "--key", "other.pub", code=5, words="no valid signature of this key")
    assert json.loads(run("oci", "ls", place, "--json").stdout)["tags"][0]["signed"]

    # What was signed is readable without us.
    tag = "sha256-" + pinned.split("sha256:")[1] + ".sig"
    _, manifest, _ = api(proxy.port, "GET", f"/v2/team/signed/manifests/{tag}")
    layer = json.loads(manifest)["layers"][0]
    _, text, _ = api(proxy.port, "GET", f"/v2/team/signed/blobs/{layer['digest']}")
    (WORK / "text").write_bytes(text)
    (WORK / "signature").write_bytes(base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"]))
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "ed.pub", "-rawin", "-in", "text",
                    "-sigfile", "signature"], cwd=WORK, check=True, stdout=subprocess.DEVNULL)

    # A signature with other bytes, a text with other bytes, the signature of another manifest.
    text = layer["annotations"]["dev.cosignproject.cosign/signature"]
    proxy.replaced = {tag: manifest.replace(text.encode(), (text[:9] + ("A" if text[9] != "A" else "B") + text[10:]).encode())}
    run("pull", f"{place}:v1", "refused", "--key", "ed.pub", code=5, words="no valid signature of this key")
    proxy.replaced = {}
    proxy.faults = [("flip", 3)]
    run("pull", f"{place}:v1", "refused", "--key", "ed.pub", code=5, words="other bytes than its digest")
    proxy.faults = []
    (WORK / "snapshot/note").write_text("another snapshot")
    other = run("push", "snapshot", f"{place}:v2").stdout.strip()
    (WORK / "snapshot/note").unlink()
    proxy.replaced = {"sha256-" + other.split("sha256:")[1] + ".sig": manifest}
    run("pull", f"{place}:v2", "refused", "--key", "ed.pub", code=5, words="no valid signature of this key")
    proxy.replaced = {}
    nothing_left("refused")
    if COSIGN:
        cosign(pinned)


def cosign(pinned):
    image = pinned.removeprefix("oci://").split(":v1@")[0] + "@" + pinned.split("@")[1]
    for key, code in [("ed.pub", 0), ("p256.pub", 0), ("other.pub", 1)]:
        line = [COSIGN, "verify", "--key", key, "--insecure-ignore-tlog", "--allow-http-registry", image]
        ended = subprocess.run(line, cwd=WORK, env=ENV, capture_output=True, text=True)
        print(f"cosign verify --key {key}: exit code {ended.returncode}")
        assert (ended.returncode != 0) == (code != 0), ended.stderr
        print(ended.stderr.strip().splitlines()[-1] if code else ended.stdout.strip()[:300])


def docker_config(port, entry, **more):
    (WORK / "docker").mkdir(exist_ok=True)
    auths = {f"127.0.0.1:{port}": entry} if entry else {}
    (WORK / "docker/config.json").write_text(json.dumps({"auths": auths, **more}))


def encoded(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def passwords():
    subprocess.run(["htpasswd", "-Bbc", WORK / "htpasswd", "u", "hunter2"], check=True, capture_output=True)
    port = registry("basic", f"auth: {{htpasswd: {{realm: x, path: {WORK}/htpasswd}}}}\n")
    place = f"oci://127.0.0.1:{port}/chain:v1"
    run("push", "small", place, code=4, words="docker login")
    docker_config(port, encoded("u", "hunter2-wrong"))
    run("push", "small", place, code=4, words="answers 401")
    docker_config(port, {"auth": "%%%hunter2"})
    run("push", "small", place, code=4, words="is not the base64 of user:password")
    docker_config(port, encoded("u", "hunter2"))
    run("push", "small", place)
    helper = WORK / "helpers/docker-credential-test"
    helper.parent.mkdir()
    helper.write_text("""#!/bin/sh
read -r registry
[ "$1" = get ] && case $registry in
  127.0.0.1:*) echo '{"ServerURL": "", "Username": "u", "Secret": "hunter2"}' ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
""")
    helper.chmod(0o755)
    docker_config(port, None, credsStore="test")
    run("pull", place, "none", code=4, words="docker-credential-test, which config.json of docker names, is missing")
    path = {"PATH": f"{helper.parent}:{os.environ['PATH']}"}
    run("pull", place, "helped", env=path)
    assert tree(WORK / "helped") == tree(WORK / "small")
    nothing_left("none")


def tokens():
    for command in [["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "token.key", "-out",
                     "token.crt", "-days", "2", "-subj", "/CN=issuer"]]:
        subprocess.run(command, cwd=WORK, check=True, capture_output=True)
    server = Tokens(WORK / "token.key", WORK / "token.crt")
    port = registry("token", f"""auth:
  token:
    realm: http://127.0.0.1:{server.port}/token
    service: registry
    issuer: issuer
    rootcertbundle: {WORK}/token.crt
""")
    place = f"oci://127.0.0.1:{port}/team/chain:v1"
    docker_config(port, None)
    run("push", "small", place, code=4, words="answers 401 Unauthorized")
    docker_config(port, encoded("u", "hunter2"))
    run("push", "small", place)
    rights = {(grant["name"], tuple(sorted(grant["actions"]))) for grants in server.grants for grant in grants}
    assert ("team/chain", ("pull", "push")) in rights, rights
    # One token for each right, not for each request.
    assert len(server.grants) <= 3, server.grants
    docker_config(port, {"identitytoken": Tokens.IDENTITY})
    run("pull", place, "tokened")
    assert tree(WORK / "tokened") == tree(WORK / "small")
    docker_config(port, None)


def memory(port):
    """Ten times the bytes need no more memory."""
    peaks = []
    for megabytes in [20, 200]:
        large = WORK / "large"
        shutil.copytree(SAMPLE, large)
        with open(large / "blob", "wb") as out:
            for _ in range(megabytes):
                out.write(os.urandom(1 << 20))
        place = f"oci://127.0.0.1:{port}/large:v1"
        for line in [["push", "large", place], ["pull", place, "fetched"]]:
            child = subprocess.Popen([PROGRAM, *line], cwd=WORK, env=ENV, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            peak = 0
            # wait4 would report the memory of this script, which the child was before its exec.
            while is_running(child):
                try:
                    text = Path(f"/proc/{child.pid}/status").read_text()
                except OSError:
                    text = ""
                peak = max([peak] + [int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")])
                time.sleep(0.01)
            assert child.returncode == 0, line
            peaks.append(peak)
        shutil.rmtree(large)
        shutil.rmtree(WORK / "fetched")
    print("peak memory in KB: push and pull of 20 MB, then of 200 MB:", peaks)
    assert peaks[2] < peaks[0] + 16_000 and peaks[3] < peaks[1] + 16_000


def main():
    shutil.copytree(SAMPLE, WORK / "small")
    shutil.copytree(SAMPLE, WORK / "snapshot")
    chance = random.Random(7)
    (WORK / "snapshot/data").mkdir()
    for number in range(ENTRIES):
        (WORK / f"snapshot/data/{number}").write_bytes(chance.randbytes(ENTRY))
    (WORK / "snapshot/empty").touch()
    os.chmod(WORK / "snapshot/val/mnemonics.yaml", 0o600)
    port = registry("open")
    proxy = Proxy(port)

    def step(name, work, *arguments):
        begun = time.time()
        done = work(*arguments)
        print(f"{name}: {time.time() - begun:.1f} s", flush=True)
        return done

    place, pinned = step("push and pull", push_and_pull, proxy)
    step("init", init, place, pinned, proxy)
    step("images", images, place, proxy, port)
    step("faults", faults, place, proxy)
    step("kills", kills, place, proxy)
    step("hostile manifests", hostile, port)
    step("signatures", signatures, proxy)
    step("passwords", passwords)
    step("tokens", tokens)
    step("memory", memory, port)


try:
    main()
finally:
    for server in SERVERS:
        server.kill()
    shutil.rmtree(WORK, ignore_errors=True)
print("pushed, pulled, killed, signed, and refused as documented")
