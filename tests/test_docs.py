"""The documents are tested like code: links lead somewhere, commands exist, tables are what the code says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from cds_service.cli import app
from cds_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "mappings").rglob("*.md")])
PROSE = [path for path in DOCUMENTS if "guidelines" not in path.parts]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE))
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]
ALL_PROSE = "\n".join(path.read_text(encoding="utf-8") for path in PROSE)

README_STORY = ROOT / "fixtures" / "patient-view" / "tacrolimus-failed-so-rituximab-is-next"

# Folders of a person's own, and package indexes that are not the public one.
NOT_FOR_OTHERS = re.compile(r"(?<![\w.])/(?:home|root|Users|mnt)/\w|https?://(?:10|192\.168|172\.16)\.\d")
COMMITTED_TEXT = {".py", ".md", ".toml", ".lock", ".yaml", ".csv", ".txt", ".json", ""}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        path = (document.parent / file) if file else document
        assert path.exists(), f"{name_of(document)} links to {target}"
        if anchor:
            assert anchor in anchors_of(path), f"{name_of(document)} links to {target}"


def anchors_of(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", PROSE, ids=name_of)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    for line in re.findall(r"`make ([a-z ]+)`|^    make ([a-z]+)", document.read_text(encoding="utf-8"), re.MULTILINE):
        named = set(" ".join(line).split())
        assert named <= TARGETS, f"{name_of(document)} names make {sorted(named - TARGETS)}"


def test_every_make_target_is_explained_by_make_help() -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, flags=re.MULTILINE))
    assert explained == TARGETS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_documents_and_shows_an_example(command: str) -> None:
    assert f"cds-service {command}" in ALL_PROSE
    assert COMMANDS[command].help
    assert f"cds-service {command}" in COMMANDS[command].epilog


def test_no_command_or_setting_is_promised_that_does_not_exist() -> None:
    # In running text "cds-service" is followed by a command only inside a code span or a code block.
    named = set(re.findall(r"(?:`|bin/|^    )cds-service ([a-z]+)", ALL_PROSE, flags=re.MULTILINE))
    assert named <= set(COMMANDS)
    settings = {f"CDS_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bCDS_[A-Z_]+[A-Z]\b", ALL_PROSE)) <= settings


def test_every_room_is_in_the_architecture() -> None:
    plan = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {path.name for path in (ROOT / "cds_service").iterdir() if not path.name.startswith("_")}
    folders = {name for name in rooms if (ROOT / "cds_service" / name).is_dir()}
    modules = rooms - folders
    assert {name for name in folders if f"      {name}/" not in plan} == set()
    assert {name for name in modules if name not in plan} == set()


def test_the_generated_tables_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "documents.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_card_in_the_readme_is_the_card_that_is_sent() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    picture = re.search(r"<!-- card -->\n```text\n(.*?)```\n<!-- /card -->", readme, flags=re.DOTALL)
    assert picture, "README.md shows no card"
    (card,) = json.loads((README_STORY / "response.json").read_text(encoding="utf-8"))["cards"]
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", picture[1]).split())
    assert " ".join(card["summary"].split()) in shown
    assert card["source"]["label"] in shown
    for suggestion in card["suggestions"]:
        assert suggestion["label"] in shown


def test_every_decision_has_its_number_and_is_listed() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    for number, decision in enumerate(decisions, start=1):
        text = decision.read_text(encoding="utf-8")
        title = text.splitlines()[0]
        assert decision.name.startswith(f"{number:04d}-")
        assert title.startswith(f"# {number}. ")
        assert f"[{number}]({decision.name}) | {title.partition('. ')[2]} |" in listed
        assert "**Decided**" in text
        assert "**Why.**" in text or "**Answer.**" in text


def committed_files() -> list[Path]:
    """What git knows or would add; in an export without git, everything beside the caches."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    names = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [ROOT / name for name in names if (ROOT / name).is_file() and Path(name).suffix in COMMITTED_TEXT]


def test_no_committed_file_names_a_place_on_somebodys_machine() -> None:
    files = [path for path in committed_files() if path != Path(__file__)]
    if not files:
        pytest.skip("not a git checkout")
    found = {
        f"{name_of(path)}: {match.group()}"
        for path in files
        for match in [NOT_FOR_OTHERS.search(path.read_text(encoding="utf-8", errors="replace"))]
        if match and path.name != "Dockerfile"  # the paths in there are the container's own
    }
    assert not found
