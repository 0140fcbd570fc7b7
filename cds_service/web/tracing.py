"""Spans of a call and its stages for OpenTelemetry, when the extra `otel` is installed and a collector is named.

A span says which stage, how long, which of our services and rules, and the name of a fault. No address, header, body,
message or id of a client's goes into one: automatic instrumentation would send all of these, so none is used, and a
trace begins here whatever the caller sends. Off, a stage costs as much as an empty `with`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Protocol

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""One of these standard variables turns it on; all others of OpenTelemetry hold as its documentation says."""
DISABLED = "OTEL_SDK_DISABLED"
TOLD = ("rules", "quiet", "cards", "fetched", "spooled", "repeated", "shadow", "resources", "set_aside", "safety")
"""What of a call's event goes into its span: names and counts of ours."""


class Span(Protocol):
    """A stage that is going on."""

    def tell(self, event: Mapping[str, Any]) -> None:
        """Add what `TOLD` allows."""


class _Silence:
    def tell(self, event: Mapping[str, Any]) -> None:
        """Nobody listens."""


_SILENCE = _Silence()
_NOTHING = nullcontext(_SILENCE)


class Tracing:
    """No tracing: what is asked of it costs next to nothing."""

    def stage(self, name: str) -> AbstractContextManager[Span]:
        """A span around a stage, below the one that is going on in this thread. `name` is a word of ours."""
        return _NOTHING


class _ToCollector(Tracing):
    def __init__(self) -> None:
        os.register_at_fork(after_in_child=_tracer.cache_clear)

    def stage(self, name: str) -> AbstractContextManager[Span]:
        """See `Tracing`."""
        return _span(name)


class _Open:
    def __init__(self, span: Any) -> None:
        self._span = span

    def tell(self, event: Mapping[str, Any]) -> None:
        """See `Span`."""
        told = {name: event[name] for name in TOLD if event.get(name)}
        self._span.set_attributes({f"nextline.{name}": value for name, value in told.items()})


@contextmanager
def _span(name: str) -> Iterator[Span]:
    # An exception's message and its stack may quote the chart: its type is all that is told.
    with _tracer().start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
        try:
            yield _Open(span)
        except Exception as fault:
            span.set_attribute("nextline.fault", type(fault).__name__)
            raise


@cache
def _tracer() -> Any:
    """The tracer of this process: its thread and its connections do not outlive a fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    ours = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "nextline-cds"), "service.version": _release()}
    provider = TracerProvider(resource=Resource.create(ours))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("nextline-cds", _release())


def _release() -> str:
    return version("nextline-cds")


def is_wanted(variables: Mapping[str, str]) -> bool:
    """Does the environment name a collector?"""
    disabled = variables.get(DISABLED, "").lower() == "true"
    return not disabled and any(variables.get(name) for name in ENDPOINTS)


def is_installed() -> bool:
    """Is the extra there?"""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http.trace_exporter") is not None
    except ModuleNotFoundError:
        return False


def tracing(variables: Mapping[str, str]) -> Tracing:
    """Tracing as the environment asks for it, where it can be had."""
    return _ToCollector() if is_wanted(variables) and is_installed() else Tracing()
