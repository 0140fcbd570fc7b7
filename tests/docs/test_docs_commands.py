"""Every command in the documents is run: as it stands in a fresh checkout, or by the test that a table names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.bulk.signing import read_key
from tests.docs.elsewhere import ON_ANOTHER_MACHINE, RUN_ELSEWHERE
from tests.docs.pages import PAGES, ROOT, Command, blocks, is_printed, shown_only
from tests.docs.scratch import Scratch, fresh

ALL = RUN_ELSEWHERE + ON_ANOTHER_MACHINE
WITH_COMMANDS = [page for page in PAGES if any(block.kind for block in blocks(page))]
SHOWN = [(page.relative_to(ROOT).as_posix(), text) for page in PAGES for text in shown_only(page)]
MUST_HAVE_COMMANDS = (
    "docs/tutorial.md",
    "docs/how-to/map-local-codes.md",
    "docs/how-to/register.md",
    "docs/how-to/shadow-to-live.md",
    "docs/how-to/population.md",
    "docs/how-to/replay.md",
)


def begins(text: str, beginning: str) -> bool:
    """Whether a command is meant by a row; settings before it and the folder of the environment make no difference."""
    bare = [word for word in text.split() if not word.startswith("CDS_")]
    return " ".join(bare).removeprefix(".venv/bin/").startswith(beginning.removeprefix(".venv/bin/"))


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    made = fresh(tmp_path)
    yield made
    made.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_works_from_top_to_bottom(page: Path, scratch: Scratch) -> None:
    for block in blocks(page):
        where = f"{block.page}:{block.line}"
        if block.kind == "serve":
            scratch.serve(block)
        elif block.kind == "run":
            for command in block.commands:
                scratch.run(command, where)


def test_the_pages_that_show_how_have_commands_that_are_run() -> None:
    assert set(MUST_HAVE_COMMANDS) <= {page.relative_to(ROOT).as_posix() for page in WITH_COMMANDS}


@pytest.mark.parametrize(("page", "text"), SHOWN, ids=[f"{page}: {text.split('  ')[0][:60]}" for page, text in SHOWN])
def test_a_command_that_is_only_shown_is_run_elsewhere(page: str, text: str) -> None:
    assert any(begins(text, beginning) for beginning, _, _ in ALL), f"{page}: nothing runs this: {text}"


@pytest.mark.parametrize(("beginning", "file", "words"), ALL)
def test_what_runs_it_elsewhere_exists(beginning: str, file: str, words: str) -> None:
    assert words in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("prints", "output", "missing"),
    [
        (("a b",), "x\na   b\n", ""),
        (("first", "...", "last"), "first\nsecond\nlast", ""),
        (("one ... three",), "one two three", ""),
        (("last", "first"), "first\nlast", "first"),
        (("not there",), "there", "not there"),
    ],
)
def test_output_is_compared_line_by_line_in_its_order(prints: tuple[str, ...], output: str, missing: str) -> None:
    assert is_printed(prints, output) == missing


def test_a_command_that_fails_or_prints_something_else_is_found(tmp_path: Path) -> None:
    plain = Scratch(tmp_path)
    plain.run(Command("echo done", ("done",)), "here")
    with pytest.raises(AssertionError, match="ended with 3"):
        plain.run(Command("exit 3"), "here")
    with pytest.raises(AssertionError, match="did not print: something"):
        plain.run(Command("echo nothing", ("something",)), "here")


def test_the_key_that_openssl_makes_is_one_that_export_takes(tmp_path: Path) -> None:
    plain, page = Scratch(tmp_path), ROOT / "docs" / "how-to" / "export.md"
    made = [text for text in shown_only(page) if text.startswith("openssl")]
    assert made
    for text in made:
        plain.run(Command(text), page.name)
    assert read_key(tmp_path / "nextline-screening.pem", "").algorithm == "ES384"
