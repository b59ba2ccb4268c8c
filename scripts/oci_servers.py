"""Servers for scripts/e2e_oci.py: a proxy that harms and counts, and a server of tokens."""

import base64
import http.client
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

PIECE = 1 << 14


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A killed client closes its connection."""


def start(handler):
    """Serves on a free port; returns server and port."""
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1]


class Proxy:
    """In front of a registry. Faults: ("cut", N) ends a body after N bytes, ("stall", N) leaves it open there,
    ("flip", N) changes that byte, ("status", N), ("delay", SECONDS), (None, 0). One fault for each download of
    a blob, the next that has such a byte; `replaced` has other bytes for a path's ending."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.faults, self.replaced = [], {}
        self.stalled = threading.Event()
        self.reset()
        proxy = self

        class Handler(Quiet):
            def handle_any(self):
                proxy.handle(self)

            do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_any

        _, self.port = start(Handler)

    def reset(self):
        self.uploads, self.sent, self.requests = [], 0, []

    def handle(self, client):
        path = client.path
        self.requests.append((client.command, path))
        for ending, body in self.replaced.items():
            if client.command == "GET" and path.endswith(ending):
                return client.reply(200, body, [("Content-Type", "application/vnd.oci.image.manifest.v1+json")])
        is_blob = client.command == "GET" and "/blobs/" in path
        kind, value = self.faults[0] if is_blob and self.faults else (None, 0)
        if kind in ("status", "delay"):
            self.faults.pop(0)
        if kind == "status":
            return client.reply(value, b"no")
        if kind == "delay":
            time.sleep(value)
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream)
        sent = client.body()
        if client.command == "PUT" and "/blobs/" in path:
            self.uploads.append(len(sent))
        upstream.putrequest(client.command, path, skip_host=True, skip_accept_encoding=True)
        for name, text in client.headers.items():
            if name.lower() != "connection":
                upstream.putheader(name, text)
        upstream.endheaders(sent or None)
        answer = upstream.getresponse()
        if is_blob and kind != "delay" and self.faults:
            if int(answer.headers.get("Content-Length") or 0) > value:
                self.faults.pop(0)
            else:
                kind = None
        client.send_response(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                client.send_header(name, text)
        client.end_headers()
        at = 0
        while client.command != "HEAD" and (piece := answer.read(PIECE)):
            if kind == "flip" and at <= value < at + len(piece):
                piece = bytearray(piece)
                piece[value - at] ^= 0x10
            if kind in ("cut", "stall"):
                piece = piece[: max(0, value - at)]
            client.wfile.write(piece)
            at += len(piece)
            if is_blob:
                self.sent += len(piece)
            if kind in ("cut", "stall") and at >= value:
                client.wfile.flush()
                if kind == "stall":
                    self.stalled.set()
                    # Until the client closes the connection.
                    client.rfile.read(1)
                client.close_connection = True
                client.connection.close()
                return None
        return None


class Tokens:
    """A server of tokens, as distribution's specification has it. The user is u with the password p, or the
    identity token IDENTITY."""

    IDENTITY = "identity-hunter2"

    def __init__(self, key, certificate):
        self.key = key
        der = subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], check=True, capture_output=True)
        self.chain = [base64.b64encode(der.stdout).decode()]
        self.grants = []
        tokens = self

        class Handler(Quiet):
            def do_GET(self):
                query = parse_qs(urlparse(self.path).query)
                expected = "Basic " + base64.b64encode(b"u:hunter2").decode()
                tokens.answer(self, query, self.headers.get("Authorization") == expected)

            def do_POST(self):
                form = parse_qs(self.body().decode())
                is_known = form.get("refresh_token") == [tokens.IDENTITY]
                tokens.answer(self, form, is_known and form["grant_type"] == ["refresh_token"])

        _, self.port = start(Handler)

    def answer(self, client, query, is_known):
        if not is_known:
            return client.reply(401, b'{"details":"unknown user"}')
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        self.grants.append(access)
        now = int(time.time())
        claims = {"iss": "issuer", "sub": "u", "aud": query["service"][0], "exp": now + 60, "nbf": now - 5,
                  "iat": now, "jti": str(len(self.grants)), "access": access}
        text = ".".join(encode(json.dumps(part).encode()) for part in [
            {"typ": "JWT", "alg": "RS256", "x5c": self.chain}, claims])
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], check=True,
                                   capture_output=True, input=text.encode()).stdout
        token = f"{text}.{encode(signature)}"
        name = "access_token" if client.command == "POST" else "token"
        return client.reply(200, json.dumps({name: token}).encode())


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
