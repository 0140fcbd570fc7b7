"""A hospital's Bulk Data server for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bulk.exports import KEY, Site, usual_files
from tests.ehr.bulk_server import bulk_ehr
from tests.ehr.fixtures import authority
from tests.ehr.tls import Authority

__all__ = ("authority",)


@pytest.fixture
def site(tmp_path: Path, authority: Authority) -> Iterator[Site]:
    with bulk_ehr(KEY) as (ehr, server):
        ehr.files = usual_files()
        yield Site(ehr, server, tmp_path / "export", str(authority.bundle))
