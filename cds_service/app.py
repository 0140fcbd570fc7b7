"""The composition root: the only place that joins the parts."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from flask import Flask

from cds_service.fhir.warming import warm
from cds_service.hooks.about import about
from cds_service.hooks.knowledge import Knowledge, SitePolicy, gather
from cds_service.hooks.patient_view import next_therapy
from cds_service.hooks.self_test import check
from cds_service.settings import Settings, load, unknown_variables
from cds_service.web.assembly import assemble
from cds_service.web.event_log import event_log


def create_app(settings: Settings | None = None) -> Flask:
    """The service, ready to answer. Errors: ConfigurationFault with everything that keeps it from starting."""
    settings = settings or load()
    log = event_log(settings.log_level)
    for name in unknown_variables():
        log.warning("setting_unknown", variable=name)
    knowledge = knowledge_of(settings)
    checked = check(knowledge)
    return assemble(settings, [next_therapy(knowledge)], about(knowledge), checked, log, clock(settings.timezone))


def settle() -> None:
    """For the start of a server process, after `create_app`: use every model once, and freeze what was loaded.

    What lives as long as the process is never garbage, but every full collection walks it, and its marks
    copy the pages that forked workers share (hot-path section 2).
    """
    warm()
    gc.collect()
    gc.freeze()


def knowledge_of(settings: Settings) -> Knowledge:
    """Mappings, thresholds and templates as the settings ask for them. Errors: ConfigurationFault."""
    return gather(
        SitePolicy(
            site=settings.site,
            thresholds_file=settings.thresholds_file,
            public_base_url=settings.public_base_url or settings.local_base_url,
            as_of_allowed=settings.as_of_allowed,
            https_only=settings.production,
            max_entries=settings.max_entries,
            indicator_cap=settings.indicator_cap,
            smart_link=settings.smart_link,
            quiet_rules=frozenset(settings.quiet_rules),
        )
    )


def clock(timezone: str) -> Callable[[], date]:
    """Which day it is in the time zone of record: the only clock of the service that reaches a rule."""
    zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
    return lambda: datetime.now(zone).date()
