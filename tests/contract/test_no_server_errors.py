"""Nothing a client can send gives a 5xx (promise W2): the complete call, with anything put anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.calls import NEXT_THERAPY, complete_call

ODD_TEXTS = ("", " ", "x", "Patient/pat-b", "2026-13-45", "0000", "9999-12-31T23:59:60+14:00", "\x00", "\u202e", "<b>")
ODD_NUMBERS = (0, -1, 1e308, -1e308, 1e-308, 2**63 - 1, -(2**63), 0.1)
odd_values = st.one_of(
    st.sampled_from((None, True, False, [], {}, [None], [[]], {"": None}, *ODD_NUMBERS, *ODD_TEXTS)),
    st.builds(lambda kind: {"resourceType": kind}, st.sampled_from(("Patient", "Bundle", "Observation", "Nonsense"))),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every member and element, the value itself excepted."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


def put(body: Any, path: tuple[Any, ...], value: Any) -> None:
    *parents, last = path
    for step in parents:
        body = body[step]
    body[last] = value


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_value_anywhere_is_answered_or_refused(client: FlaskClient, data: st.DataObject) -> None:
    body = complete_call(client)
    for _ in range(data.draw(st.integers(1, 3), label="changes")):
        path = data.draw(st.sampled_from(list(places(body))), label="where")
        put(body, path, data.draw(odd_values, label="what"))
    sent = orjson.dumps(body)
    answer = client.post(NEXT_THERAPY, data=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400, 412, 413, 422}
