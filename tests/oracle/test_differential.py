"""The engine and the independent oracle answer alike on invented patients.

`CDS_ORACLE_SEEDS` sets how many (default 2000). Read a difference with
`python -m tests.oracle.differential --show SEED`.
"""

from __future__ import annotations

import os

from tests.oracle.differential import compare, report

SEEDS = int(os.environ.get("CDS_ORACLE_SEEDS", "2000"))


def test_engine_and_oracle_agree_on_invented_patients() -> None:
    found = compare(range(SEEDS))
    assert not found, "\n" + report(found)
