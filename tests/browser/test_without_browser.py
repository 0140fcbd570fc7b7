"""A machine without a browser: the run says exactly what is missing, and fails where it must not be missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import NAMES

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ONE = "tests/browser/test_browser.py::test_axe_would_find_something"


@pytest.mark.parametrize(
    ("around", "outcome", "said"),
    [
        ({}, "1 skipped", "apt-get install chromium"),
        ({"CI": "true"}, "1 error", "apt-get install chromium"),
        ({"CHROMIUM": "/nowhere/chromium"}, "1 skipped", "cannot be run: /nowhere/chromium"),
    ],
)
def test_a_run_without_a_browser_says_what_to_install_and_fails_in_ci(
    tmp_path: Path, around: dict[str, str], outcome: str, said: str
) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "CHROMIUM", "PYTEST_ADDOPTS"}}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-rs", "-p", "no:cacheprovider", ONE],
        cwd=CHECKOUT,
        env={**kept, "PATH": str(tmp_path), "COLUMNS": "600", **around},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = " ".join(run.stdout.split())
    assert outcome in told
    assert said in told
    assert "CHROMIUM" in told
    assert all(name in told for name in NAMES) or "CHROMIUM" in around
    assert (run.returncode != 0) == ("CI" in around)
