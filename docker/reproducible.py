#!/usr/bin/env python3
"""Gives an image the times of its commit: builders write their own into its configuration, and so
into its ID.

    docker save IMAGE | docker/reproducible.py SOURCE_DATE_EPOCH TAG… | docker load

The result has one layer, with files sorted by name, and the image's settings. The same files yield the same
ID with any builder.
"""

import datetime
import hashlib
import io
import json
import sys
import tarfile

KEPT = ("User", "Env", "Entrypoint", "Cmd", "Labels", "WorkingDir")
# For the root directory, one builder writes "/", the other nothing.
ABSENT = (None, "", "/", [], {})


def encode(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def archive(files, epoch):
    """A tar of entries and their bytes, the same for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (entry, content) in sorted(files.items()):
            clean = tarfile.TarInfo(name)
            clean.type, clean.linkname, clean.mode = entry.type, entry.linkname, entry.mode
            clean.uid, clean.gid, clean.mtime, clean.size = entry.uid, entry.gid, epoch, len(content)
            tar.addfile(clean, io.BytesIO(content))
    return out.getvalue()


def plain(name, content):
    entry = tarfile.TarInfo(name)
    entry.mode = 0o644
    return name, (entry, content)


def main():
    epoch, tags = int(sys.argv[1]), sys.argv[2:]
    saved = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()))
    manifest = json.load(saved.extractfile("manifest.json"))[0]
    built = json.load(saved.extractfile(manifest["Config"]))
    files = {}
    for path in manifest["Layers"]:
        layer = tarfile.open(fileobj=io.BytesIO(saved.extractfile(path).read()))
        for entry in layer:
            content = layer.extractfile(entry).read() if entry.isfile() else b""
            name = entry.name.removeprefix("./").rstrip("/")
            if name not in ("", "."):
                files[name] = entry, content
    layer = archive(files, epoch)
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    created = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    config = encode(
        {
            "architecture": built["architecture"],
            "os": built["os"],
            "created": created,
            "config": {
                key: built["config"][key] for key in KEPT if built["config"].get(key) not in ABSENT
            },
            "rootfs": {
                "type": "layers",
                "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()],
            },
            "history": [{"created": created, "created_by": "docker/Dockerfile"}],
        }
    )
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": tags, "Layers": ["layer.tar"]}]
    parts = [("manifest.json", encode(manifest)), (name, config), ("layer.tar", layer)]
    sys.stdout.buffer.write(archive(dict(plain(*part) for part in parts), epoch))


main()
