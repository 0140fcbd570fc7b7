"""`make stories`: writes every story folder from its vignette, and the answer of the real service.

An answer that disagrees with the vignette's `expected` is refused: the disagreement is printed, the
stored answer stays as it was, and the command fails. Neither side is ever adapted in silence.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cds_service.errors import ConfigurationFault
from cds_service.stories.agreement import disagreements, without_uuids
from cds_service.stories.codings import Writings, load_codings
from cds_service.stories.convert import request_of
from cds_service.stories.narrative import story_text
from cds_service.stories.vignette import StoryFault, Vignette, load_vignettes

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SERVICE = "/cds-services/next-therapy"

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


def build(fixtures: Path, answer: Answer | None) -> tuple[str, ...]:
    """Write all folders; with `answer`, the responses too. Returns every refusal as one line."""
    writings = load_codings(fixtures / "codings.yaml")
    vignettes = load_vignettes(fixtures / "vignettes")
    _refuse_leftovers(fixtures / "patient-view", {vignette.name for vignette in vignettes})
    refusals: list[str] = []
    for vignette in vignettes:
        refusals += _write(vignette, fixtures / "patient-view" / vignette.name, writings, answer)
    return tuple(refusals)


def _write(vignette: Vignette, folder: Path, writings: Writings, answer: Answer | None) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    request = request_of(vignette, writings)
    (folder / "story.md").write_text(story_text(vignette), encoding="utf-8")
    (folder / "request.json").write_text(_text(request), encoding="utf-8")
    if answer is None:
        return []
    response = answer(request)
    refused = [f"{vignette.id} {vignette.name}: {line}" for line in disagreements(vignette, response)]
    if not refused:
        _write_answer(folder / "response.json", response)
    return refused


def _write_answer(path: Path, response: dict[str, Any]) -> None:
    """Leave the file alone when only uuids would change, so that a rebuild shows real changes only."""
    if path.is_file() and without_uuids(json.loads(path.read_text(encoding="utf-8"))) == without_uuids(response):
        return
    path.write_text(_text(response), encoding="utf-8")


def _refuse_leftovers(folder: Path, names: set[str]) -> None:
    leftovers = sorted(path.name for path in folder.glob("*") if path.is_dir() and path.name not in names)
    if leftovers:
        raise StoryFault(f"story folders without a vignette: {', '.join(leftovers)}")


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _service() -> Answer | None:
    """The real app with default settings, through its WSGI test client; None where it does not start."""
    for name in [name for name in os.environ if name.startswith("CDS_")]:
        del os.environ[name]  # a developer's settings must not get into the stored answers
    os.environ["CDS_LOG_LEVEL"] = "error"
    os.environ["CDS_DATABASE_URL"] = f"sqlite:///{tempfile.mkdtemp(prefix='nextline-stories-')}/stories.sqlite3"
    try:
        app = importlib.import_module("cds_service.app").create_app()  # by name: a story room imports no other room
    except (ImportError, ConfigurationFault) as fault:
        print(f"the service does not start, answers are left as they are: {fault}", file=sys.stderr)  # noqa: T201
        return None
    client = app.test_client()

    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        reply = client.post(SERVICE, json=request)
        if reply.status_code != 200:
            return {"status": reply.status_code, "refused": reply.get_json(silent=True)}
        body: dict[str, Any] = reply.get_json()
        return body

    return answer


def main() -> int:
    """Build everything; 1 when the service did not start or an answer was refused."""
    service = _service()
    refusals = build(FIXTURES, service)
    for line in refusals:
        print(line, file=sys.stderr)  # noqa: T201
    return 1 if refusals or service is None else 0


if __name__ == "__main__":
    raise SystemExit(main())
