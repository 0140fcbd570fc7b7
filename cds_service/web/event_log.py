"""The log: one JSON line for an event. Names, ids of ours, counts and milliseconds; never a value of a chart.

Nothing else writes log lines about a call, and only members of a closed list get into one.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Protocol, TextIO, cast

import structlog


class EventLog(Protocol):
    """What the web layer needs of a logger."""

    def info(self, event: str, **members: Any) -> Any:
        """Something happened as it should."""

    def warning(self, event: str, **members: Any) -> Any:
        """A call was refused, or something deserves a look."""

    def error(self, event: str, **members: Any) -> Any:
        """The service failed."""


ALLOWED = frozenset(
    {
        *("event", "service", "client", "hook_instance", "request_id", "decision", "status", "fault", "at", "variable"),
        *(
            "rules",
            "quiet",
            "as_of",
            "needs",
            "resources",
            "used",
            "superseded",
            "not_relevant",
            "set_aside",
            "reasons",
        ),
        *("fetched", "fetch_failed", "not_called", "server_warnings", "silenced", "repeated", "spooled", "shadow"),
        *("safety", "cards", "milliseconds", "dropped"),
    }
)
"""Every member that a line of the log may have. Whatever else somebody passes is left out, and counted."""


def _only_allowed(_logger: Any, _level: str, members: Any) -> Any:
    strangers = [name for name in members if name not in ALLOWED]
    for name in strangers:
        del members[name]
    if strangers:
        members["dropped"] = len(strangers)
    return members


def event_log(level: str, stream: TextIO | None = None) -> EventLog:
    """A log of events of at least `level`, to standard output unless a stream is given."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stdout),
        processors=[
            _only_allowed,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    return cast(EventLog, logger)
