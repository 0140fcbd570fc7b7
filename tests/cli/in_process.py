"""A command as `cds-service` runs it, without a process of its own: output, errors and exit status."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from cds_service.cli import main


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def run(*words: str, **settings: str) -> Done:
    """Run a command with exactly these CDS_ settings, 200 columns wide."""
    with pytest.MonkeyPatch.context() as patch:
        surround(patch, settings)
        patch.setattr(sys, "argv", ["cds-service", *words])
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        status: object = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                status = ended.code
        return Done(status if isinstance(status, int) else 0 if status is None else 1, text_of(out), text_of(err))


def surround(patch: pytest.MonkeyPatch, settings: Mapping[str, str]) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("CDS_")]:
        patch.delenv(name)
    for name, value in {"COLUMNS": "200", **settings}.items():
        patch.setenv(name, value)


def text_of(stream: io.TextIOWrapper) -> str:
    stream.flush()
    octets = stream.buffer.getvalue()  # type: ignore[attr-defined]
    return str(octets.decode("utf-8"))
