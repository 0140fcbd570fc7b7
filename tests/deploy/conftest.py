"""The service with a public address, nginx before it, and the example call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server, running_server
from tests.deploy.proxy import NAME, Proxy, proxy
from tests.ehr.fixtures import authority
from tests.ehr.tls import Authority

__all__ = ("authority",)
STORY = "tacrolimus-failed-so-rituximab-is-next"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def public_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("public") / "log.txt"
    with running_server(log, CDS_PUBLIC_BASE_URL=f"https://{NAME}", CDS_WORKERS="2") as running:
        yield running


@pytest.fixture(scope="session")
def front(
    tmp_path_factory: pytest.TempPathFactory,
    authority: Authority,
    public_server: Server,
) -> Iterator[Proxy]:
    with proxy(tmp_path_factory.mktemp("nginx"), authority, public_server.port) as running:
        yield running


@pytest.fixture(scope="session")
def call() -> bytes:
    """The bytes of an example call whose answer is one card."""
    folder = ROOT / "fixtures" / "patient-view" / STORY
    return (folder / "request.json").read_bytes()
