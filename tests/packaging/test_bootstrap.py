"""The bootstrap's decisions, without a network: which index, which wheel, which versions."""

import hashlib
import http.server
import importlib.util
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CONFIG_FILE")


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, on a machine that was told nothing, keeping its files in a folder of the test."""
    for name in INDEX_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "absent.conf"))
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.KEPT = tmp_path / "kept"  # type: ignore[attr-defined]
    return module


class _Index(http.server.BaseHTTPRequestHandler):
    wheel = b"a wheel"
    digest = hashlib.sha256(wheel).hexdigest()

    def do_GET(self) -> None:
        name = "tool-1.2-py3-none-any.whl"
        pages = {
            "/simple/tool/": f'<a href="/files/{name}#sha256={self.digest}">{name}</a>'.encode(),
            "/simple/forged/": b'<a href="/files/forged-1.2-py3-none-any.whl#sha256=' + b"0" * 64 + b'">x</a>',
        }
        body = pages.get(self.path, self.wheel if self.path.startswith("/files/") else None)
        allowed = self.headers.get("Authorization") == "Basic YW5uYTpzJmNyZXQ="  # anna:s&cret
        self.send_response(401 if not allowed else 404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body if allowed and body else b"")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def index() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://anna:s%26cret@127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


def test_a_machine_that_was_told_nothing_uses_the_public_index(bootstrap: ModuleType) -> None:
    assert bootstrap.package_index() == bootstrap.PUBLIC_INDEX


@pytest.mark.parametrize("variable", INDEX_VARIABLES[:3])
def test_the_index_of_the_environment_is_used(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "https://mirror.example.org/simple/")
    assert bootstrap.package_index() == "https://mirror.example.org/simple"


def test_the_index_of_pip_s_configuration_is_used(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = https://mirror.example.org/simple\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    assert bootstrap.package_index() == "https://mirror.example.org/simple"


def test_a_wheel_is_fetched_from_an_index_with_a_password(bootstrap: ModuleType, index: str) -> None:
    kept = bootstrap.fetch_wheel(index, "tool", "1.2", re.compile("py3-none-any"))
    assert kept.read_bytes() == _Index.wheel


@pytest.mark.parametrize(
    ("project", "version", "said"), [("forged", "1.2", "digest"), ("tool", "1.3", "has no tool"), ("none", "1", "127")]
)
def test_what_cannot_be_had_is_said_and_another_way_is_tried(
    bootstrap: ModuleType, index: str, project: str, version: str, said: str
) -> None:
    with pytest.raises(bootstrap.WayClosedError, match=said) as closed:
        bootstrap.fetch_wheel(index, project, version, re.compile("py3-none-any"))
    assert "cret" not in str(closed.value)


def test_the_versions_of_the_lock_hold_pip_too(bootstrap: ModuleType) -> None:
    versions = bootstrap.locked_versions()
    assert any(line.startswith("flask==3.") for line in versions)
    assert not any(line.startswith("nextline-cds") for line in versions)
    assert len(versions) == len({line.partition("==")[0] for line in versions})
