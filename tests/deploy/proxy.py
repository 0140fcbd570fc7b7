"""nginx with the shipped configuration in front of the real service. Only what a site must change is changed."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.ehr.tls import Authority

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "nginx" / "nextline.conf"
NAME = "cds.example.org"
ORIGIN = "https://ehr.example.org"
SECONDS_TO_START = 10
SECONDS_TO_LOG = 5
_AROUND = """{user}worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/nextline.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it came. `headers` keeps every line, so that a header sent twice is seen."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx. `folder` holds its files: access.log, error.log."""

    port: int
    authority: Authority
    folder: Path
    origin_headers: Mapping[str, str] = field(default_factory=lambda: {"Origin": ORIGIN})

    def context(self) -> ssl.SSLContext:
        """A client that trusts the throw-away authority and nothing else."""
        return ssl.create_default_context(cafile=str(self.authority.bundle))

    def connect(self, context: ssl.SSLContext | None = None, name: str | None = NAME) -> ssl.SSLSocket:
        """A finished handshake. Errors: ssl.SSLError."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        try:
            return (context or self.context()).wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Said:
        """One request over a connection of its own. In names of headers `_` stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(NAME)
        connection.sock = self.connect()
        try:
            connection.request(method, path, body, named, encode_chunked="Transfer-Encoding" in named)
            answer = connection.getresponse()
            return Said(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def post(self, path: str, body: bytes, **headers: str) -> Said:
        """JSON to this path."""
        return self.send("POST", path, body, **{"Content_Type": "application/json"} | headers)

    def lines(self) -> int:
        """How many requests nginx has logged."""
        return (self.folder / "access.log").read_text(encoding="utf-8").count("\n")

    def logged(self, requests: int = 0) -> str:
        """Everything nginx has written, at least so many requests. It writes a line only after the answer has gone."""
        deadline = time.monotonic() + SECONDS_TO_LOG
        while self.lines() < requests and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.lines() >= requests
        return "".join(file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("*.log")))


def binary() -> str:
    """The nginx of the machine, or the test is left out."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("needs nginx (Debian: apt-get install nginx-light)")
    return found


def adapted(folder: Path, authority: Authority, port: int, service: int) -> str:
    """The shipped file with the addresses, the certificate, the log files and the origin of a test."""
    pem = authority.pem([NAME])
    changes = {
        "listen 8443": f"listen 127.0.0.1:{port}",
        "server nextline-cds:8080": f"server 127.0.0.1:{service}",
        "/etc/nginx/tls/tls.crt": str(pem),
        "/etc/nginx/tls/tls.key": str(pem),
        "/dev/stdout": f"{folder}/access.log",
        "/dev/stderr": f"{folder}/error.log",
        f'# "{ORIGIN}" $http_origin;': f'"{ORIGIN}" $http_origin;',
    }
    text = SHIPPED.read_text(encoding="utf-8")
    for shipped, ours in changes.items():
        assert shipped in text, f"the shipped file has no {shipped}"
        text = text.replace(shipped, ours)
    return text


@contextmanager
def proxy(folder: Path, authority: Authority, service: int) -> Iterator[Proxy]:
    """nginx before the service on that port, for the time of a block."""
    folder.mkdir(parents=True, exist_ok=True)
    port, nginx = free_port(), binary()
    (folder / "nextline.conf").write_text(adapted(folder, authority, port, service), encoding="utf-8")
    # Started by root, nginx would give its workers to a user that cannot read the folders of a test.
    around = _AROUND.format(folder=folder, user="user root;\n" if os.geteuid() == 0 else "")
    (folder / "nginx.conf").write_text(around, encoding="utf-8")
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with (folder / "said.txt").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(process, port, folder / "said.txt")
        yield Proxy(port, authority, folder)
    finally:
        process.terminate()
        process.wait(timeout=15)


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"nginx did not start: {said.read_text()[-2000:]}")
