"""1,000 of 1,000 decisions give the same cards again, byte by byte (promise A3).

In every run the stories, each once; `make replays` takes a thousand: every story on five days and in both releases.
"""

from __future__ import annotations

import copy
import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cds_service.errors import RequestFault
from cds_service.store import verification
from cds_service.stories.catalogue import all_stories
from tests.cli.in_process import run
from tests.hooks.conftest import Surgery
from tests.hooks.test_replay import in_r5

STORIES = all_stories()
WANTED = int(os.environ.get("REPLAYS", str(len(STORIES))))
AS_OF = "org.nextline-cds.as-of"


def variant(number: int) -> dict[str, Any]:
    """The request of a call: a story, later rounds on other days, every second round in R5."""
    story, again = STORIES[number % len(STORIES)], number // len(STORIES)
    request = copy.deepcopy(story.request)
    if again:
        day = date.fromisoformat(request["extension"][AS_OF]) + timedelta(days=17 * again)
        request["extension"][AS_OF] = day.isoformat()
    return in_r5(request) if again % 2 else request


def test_a_thousand_of_a_thousand_decisions_are_replayed_byte_by_byte(surgery: Surgery, tmp_path: Path) -> None:
    """Made by one process, answered again by the command as on another machine, from the database and the key alone."""
    kept = spoken = 0
    for number in range(2 * WANTED):
        try:
            spoken += bool(surgery.call(variant(number)).cards)
            kept += 1
        except RequestFault:  # refused, so there is no decision
            continue
        if kept == WANTED:
            break
    assert kept == WANTED
    assert spoken > WANTED / 2
    url = surgery.store.connections.url
    surgery.store.close()
    key = tmp_path / "store.key"
    key.write_bytes(b"A" * 43 + b"=\n")  # the key of the surgery's store: 32 zero bytes
    done = run("replay", "--all", "--json", CDS_DATABASE_URL=url, CDS_STORE_KEY_FILE=str(key))
    told = json.loads(done.out)
    assert (done.status, told["replayed"], told["same"], told["decisions"]) == (0, WANTED, WANTED, [])
    assert verification.verify(surgery.store).rows == WANTED
