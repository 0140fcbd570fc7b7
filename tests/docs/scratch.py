"""A fresh checkout to run the commands of a page in: nothing they write gets into ours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.conftest import free_port
from tests.docs.pages import ROOT, Block, Command, is_printed

COPIED = ("cds_service", "mappings", "tools", "docs")
LINKED = ("fixtures", "deploy")
MAKE_NEEDS = ("Makefile", "uv.lock", "pyproject.toml", "README.md", "mkdocs.yml")
WRITTEN = "127.0.0.1:8080"
"""The address in the documents; in a test it is a free port."""
SECONDS = 110


@dataclass
class Scratch:
    """One page's folder, its address, and what runs in its background."""

    folder: Path
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, command: Command, where: str) -> None:
        """Run one command; it must end well and print what the page says."""
        done = subprocess.run(
            ("bash", "-euo", "pipefail", "-c", self._here(command.text)),
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{where}: {command.text}\nended with {done.returncode}:\n{done.stdout[-3000:]}"
        missing = is_printed(tuple(map(self._here, command.prints)), done.stdout)
        assert not missing, f"{where}: {command.text}\ndid not print: {missing}\nbut:\n{done.stdout[-6000:]}"

    def serve(self, block: Block) -> None:
        """Start a server and leave it running until the page ends."""
        (command,) = block.commands
        log = self.folder / f"served-{block.line}.log"
        with log.open("wb") as output:
            given = ("bash", "-euo", "pipefail", "-c", f"exec env {command.text.strip()}")
            process = subprocess.Popen(
                given, cwd=self.folder, env=self._environment(), stdout=output, stderr=output, start_new_session=True
            )
        self.running.append(process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2).close()
                return
            except (URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"{block.page}:{block.line} did not start:\n{log.read_text()[-3000:]}")

    def stop(self) -> None:
        """End what this page started."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(timeout=30)

    def _here(self, text: str) -> str:
        return text.replace(WRITTEN, f"127.0.0.1:{self.port}")

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "MAKE", "COV_"))}
        path = f"{self.folder}/.venv/bin:{os.environ['PATH']}"
        ours = {"PYTHONPATH": str(self.folder), "CDS_PORT": str(self.port), "CDS_WORKERS": "1", "COLUMNS": "100"}
        return kept | ours | {"PATH": path, "TERM": "dumb"}


def fresh(folder: Path) -> Scratch:
    """A checkout in this folder, with the packages of the environment that runs the tests."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "CHECKSUMS"))
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    for name in MAKE_NEEDS:
        shutil.copy(ROOT / name, folder / name)
    environment = folder / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    for stamp in (".ready", ".ready-dev"):
        # newer than what it depends on, so that make installs nothing
        (environment / stamp).touch()
    return Scratch(folder)
