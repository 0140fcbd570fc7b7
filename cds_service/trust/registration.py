"""Writing a client into the clients file: the file afterwards is right as a whole, or nothing is changed."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cds_service.errors import ConfigurationFault
from cds_service.trust.issuers import load

_MODE = 0o644


def register(path: Path, entry: Mapping[str, str | Sequence[str]], *, local_http: bool) -> None:
    """Append a [[client]] table with the members of `entry` that are not empty; what stands there stays as it is.

    Errors: ConfigurationFault for a file or an entry that is wrong, and for an issuer that is there already.
    """
    try:
        with _only_one(path.parent):
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            if before and entry["issuer"] in load(path, local_http=local_http):
                raise ConfigurationFault(f"{path.name}: the issuer is there already; change its table by hand")
            gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
            _replace(path, before + gap + _table(entry), local_http=local_http)
    except OSError as error:
        raise ConfigurationFault(f"{path.name}: cannot be written ({type(error).__name__})") from None


def _table(entry: Mapping[str, str | Sequence[str]]) -> str:
    # A text of JSON is a text of TOML.
    members = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in entry.items() if value]
    return "\n".join(["[[client]]", *members]) + "\n"


def _replace(path: Path, content: str, *, local_http: bool) -> None:
    """Check the new file in its place beside the old one, then put it there in one step."""
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(made)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _check(new, path.name, local_http=local_http)
        new.chmod(path.stat().st_mode & 0o777 if path.exists() else _MODE)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _check(new: Path, name: str, *, local_http: bool) -> None:
    try:
        load(new, local_http=local_http)
    except ConfigurationFault as fault:
        raise ConfigurationFault(sentence.replace(new.name, name) for sentence in fault.faults) from None


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Whoever else writes into this folder waits."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
