"""Case ENV-07: far more calls at one moment than the service can answer."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse

from tests.attack.case_table import field_case
from tests.attack.raid import Raid, eventually, treated
from tests.contract.calls import NEXT_THERAPY

CROWD = 200
"""Two workers of four threads take 72 calls: four at work, eight times as many waiting, each."""
SECONDS_TO_RECOVER = 5.0


@field_case("ENV-07")
def test_a_crowd_is_answered_or_told_to_come_back_and_afterwards_all_is_calm(raid: Raid) -> None:
    body = json.dumps(treated()).encode()
    with ExitStack() as open_ones:
        crowd = [HTTPConnection(raid.target.server.host, raid.target.server.port, timeout=30) for _ in range(CROWD)]
        for one in crowd:
            open_ones.callback(one.close)
            one.connect()
        tokens = [dict(raid.field.token()) for _ in crowd]
        for one, token in zip(crowd, tokens, strict=True):
            told = {"Host": "cds.test", "Content-Type": "application/json", **token}
            one.request("POST", NEXT_THERAPY, body, told)
        answers = [one.getresponse() for one in crowd]
        statuses = [answer.status for answer in answers]
        raid.answered += statuses.count(200)
        refused = [answer for answer in answers if answer.status == 503]
        assert set(statuses) <= {200, 503}
        assert statuses.count(200) >= 8
        assert all(is_refusal(answer) for answer in refused)
    ended = time.monotonic()
    assert eventually(lambda: raid.is_golden(raid.send(treated())), SECONDS_TO_RECOVER)
    assert raid.send(treated()).milliseconds < 1000
    assert time.monotonic() - ended < SECONDS_TO_RECOVER + 1


def is_refusal(answer: HTTPResponse) -> bool:
    """503 says when to come back, in JSON, and no card."""
    wait = answer.getheader("Retry-After", "")
    told = json.loads(answer.read())
    return wait.isdecimal() and 1 <= int(wait) <= 5 and told["resourceType"] == "OperationOutcome"
