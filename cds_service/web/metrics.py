"""`/metrics` in the format of Prometheus: counts and durations by name, and nothing about any patient.

With several worker processes the numbers are kept in files (`PROMETHEUS_MULTIPROC_DIR`, which gunicorn's settings
make) and added up when somebody asks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FILES = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_own = CollectorRegistry()

CALLS = Counter("nextline_calls", "Service calls by how they ended", ("service", "outcome"), registry=_own)
STAGES = Histogram("nextline_stage_seconds", "Time of a call by stage", ("stage",), buckets=_SECONDS, registry=_own)
RULES = Counter("nextline_rules", "Assessments by rule", ("rule",), registry=_own)
SET_ASIDE = Counter("nextline_set_aside", "Resources set aside by reason", ("reason",), registry=_own)
FETCHES = Counter("nextline_fetches", "Prefetch keys that were fetched, by how it ended", ("outcome",), registry=_own)
SPOOLED = Counter("nextline_spooled", "Decisions kept beside the database because it was away", registry=_own)
SAFETY = Counter("nextline_safety_events", "What somebody should look at, by name", ("name",), registry=_own)
FEEDBACK = Counter("nextline_feedback_calls", "Feedback calls that were kept", ("service",), registry=_own)
REFUSED = Counter("nextline_refused", "Refused calls by kind of fault", ("fault",), registry=_own)


def count_answer(service: str, event: Mapping[str, Any], cards: int) -> None:
    """What one answered call adds. `event` is what the hook told about it: names and counts of ours."""
    silent = event.get("quiet") or ("silenced" if event.get("silenced") else "no_card")
    CALLS.labels(service, "cards" if cards else silent).inc()
    for rule in event.get("rules", ()):
        RULES.labels(rule).inc()
    for reason, number in event.get("reasons", {}).items():
        SET_ASIDE.labels(reason).inc(number)
    count_fetches(event)
    if event.get("spooled"):
        SPOOLED.inc()
    for name in event.get("safety", ()):
        SAFETY.labels(name).inc()


def count_fetches(event: Mapping[str, Any]) -> None:
    """What calling back to a FHIR server brought, also where it was not enough for an answer."""
    failed = event.get("fetch_failed", {})
    if fetched := event.get("fetched", 0):
        FETCHES.labels("came").inc(max(0, fetched - len(failed)))
    for outcome in failed.values():
        FETCHES.labels(outcome).inc()


def offer_metrics(app: Flask) -> None:
    """Route `/metrics`. It needs no token and holds nothing about patients; the proxy decides who reaches it."""

    @app.get("/metrics")
    def answer_metrics() -> Response:
        return Response(generate_latest(_asked()), content_type=CONTENT_TYPE_LATEST)


def _asked() -> CollectorRegistry:
    if FILES not in os.environ:
        return _own
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
