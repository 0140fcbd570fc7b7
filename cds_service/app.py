"""The composition root: the only place that joins the parts."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from pydantic import SecretStr

from cds_service.errors import ConfigurationFault
from cds_service.fhir.warming import warm
from cds_service.hooks.about import about, doubts, readiness
from cds_service.hooks.call_back import CallBack
from cds_service.hooks.course import Course, Opening, course_of, kinds_read, not_granted
from cds_service.hooks.desk import Desk
from cds_service.hooks.feedback import receive
from cds_service.hooks.knowledge import Knowledge, SitePolicy, gather
from cds_service.hooks.opened_again import OpenedAgain
from cds_service.hooks.patient_view import next_therapy
from cds_service.hooks.refusal import keep_refused
from cds_service.hooks.registry import Caller, Service
from cds_service.hooks.self_test import check
from cds_service.outbound.client import Outbound
from cds_service.secret_files import OPEN_TO_OTHERS, is_open_to_others
from cds_service.settings import Settings, load, unknown_variables
from cds_service.showcase import Showcase
from cds_service.smart.launching import SmartApp
from cds_service.smart.refusal import LaunchRefused
from cds_service.smart.visit import Visit
from cds_service.store.connections import sqlite_file
from cds_service.store.schema import upgrade
from cds_service.store.sealing import Sealing, make_key_file, read_keys
from cds_service.store.sessions import Sessions
from cds_service.store.store import Store
from cds_service.trust.issuers import Issuer
from cds_service.trust.issuers import load as load_issuers
from cds_service.trust.keys import Keys
from cds_service.trust.smart_registration import doubts_of
from cds_service.trust.tokens import Gate
from cds_service.web.address import base_path
from cds_service.web.assembly import assemble
from cds_service.web.event_log import EventLog, event_log
from cds_service.web.launches import Launches
from cds_service.web.tracing import ENDPOINTS, is_installed, is_wanted, tracing

COURSE_SECONDS = 10.0
DEFAULT_STORE = "nextline-cds"
"""What the key and the spool are called where the database is no file."""


def create_app(settings: Settings | None = None) -> Flask:
    """The service, ready to answer. Errors: ConfigurationFault with everything that keeps it from starting."""
    settings = settings or load()
    log = event_log(settings.log_level)
    today = clock(settings.timezone)
    issuers = load_issuers(settings.clients_file, local_http=not settings.production) if settings.clients_file else {}
    named = frozenset[str]().union(*[issuer.sites for issuer in issuers.values()])
    has_app = any(issuer.smart for issuer in issuers.values())
    knowledge = knowledge_of(settings, has_app=has_app)
    checked = check(knowledge)
    sites = {site: knowledge_of(settings, site, has_app=has_app) for site in sorted(named)}
    _say_what_is_odd(log, (knowledge, *sites.values()), issuers.values(), today())
    outbound = outbound_of(settings)
    store = store_of(settings)
    memory = OpenedAgain(settings.remember_seconds) if settings.remember_seconds else None
    traced = tracing(os.environ)
    desk = Desk(knowledge, sites, call_back_of(settings, outbound), store, settings.silence_days, memory, traced.stage)
    keys = Keys(outbound, local_http=not settings.production)
    services = [next_therapy(desk)]
    return assemble(
        settings,
        services,
        partial(about, knowledge),
        partial(readiness, checked, (knowledge, *sites.values())),
        log,
        today,
        gate=Gate(issuers, keys, store.spend) if settings.auth == "jwt" else None,
        feedback=lambda body, service, client, now: receive(body, service, client, now, store),
        keep_refused=lambda refused, client, now: keep_refused(refused, client, now, store),
        tracing=traced,
        showcase=showcase_of(settings, knowledge, services, today),
        launches=launches_of(settings, issuers, outbound, desk, Sessions(store)),
    )


def _say_what_is_odd(log: EventLog, answering: Iterable[Knowledge], issuers: Iterable[Issuer], on: date) -> None:
    """What keeps nobody from starting, and should be looked at."""
    for name in unknown_variables():
        log.warning("setting_unknown", variable=name)
    for one in answering:
        for name, said in doubts(one, on):
            log.warning(name, fault=said)
    for said in doubts_of(one for issuer in issuers for one in issuer.smart):
        log.warning("secret_open_to_others", fault=said)
    if is_wanted(os.environ) and not is_installed():
        log.warning("tracing_not_installed", variable=ENDPOINTS[-1])


def launches_of(
    settings: Settings, issuers: Mapping[str, Issuer], outbound: Outbound, desk: Desk, sessions: Sessions
) -> Launches:
    """The SMART app at the servers it is registered at. Somebody waits for its page: it may read for longer.

    Errors: ConfigurationFault when cards are to lead to an app that no client has.
    """
    if settings.production and settings.smart_link and not any(issuer.smart for issuer in issuers.values()):
        raise ConfigurationFault("CDS_SMART_LINK: no client in CDS_CLIENTS_FILE has a [client.smart] table")
    patient = replace(desk, call_back=call_back_of(settings, outbound, max(COURSE_SECONDS, settings.call_back_seconds)))
    app = SmartApp(
        (registration for issuer in issuers.values() for registration in issuer.smart),
        outbound,
        sessions,
        redirect=f"{settings.public_base_url or settings.local_base_url}/callback",
        kinds=kinds_read(desk.knowledge),
        local_http=not settings.production,
    )

    def course(visit: Visit, now: datetime, today: date) -> Course:
        client = issuers[visit.issuer].client("")
        if client.mode != "live":
            raise LaunchRefused("not_shown_here")
        left = visit.token_ends_at - int(now.timestamp())
        opening = Opening(visit.server, visit.patient, SecretStr(visit.token), visit.scope, left, visit.user)
        return course_of(opening, patient, Caller(client, now, today))

    def lacking(visit: Visit) -> tuple[str, ...]:
        return not_granted(visit.scope, desk.knowledge_of(issuers[visit.issuer].site))

    return Launches(app, course, lacking)


def showcase_of(
    settings: Settings, knowledge: Knowledge, services: Sequence[Service], today: Callable[[], date]
) -> Showcase | None:
    """The start page's example patients; in production only where CDS_START_PAGE asks for them."""
    wanted = not settings.production if settings.start_page is None else settings.start_page
    return Showcase(knowledge, services, today, base_path(settings)) if wanted else None


def settle() -> None:
    """For the start of a server process, after `create_app`: use every model once, and freeze what was loaded.

    What lives as long as the process is never garbage, but every full collection walks it, and its marks
    copy the pages that forked workers share (hot-path section 2).
    """
    warm()
    gc.collect()
    gc.freeze()
    gc.enable()


def outbound_of(settings: Settings) -> Outbound:
    """The one outbound client."""
    ca_file = str(settings.tls_ca_file) if settings.tls_ca_file else None
    return Outbound(private=settings.private_allowed, loopback=not settings.production, ca_file=ca_file)


def call_back_of(settings: Settings, outbound: Outbound, seconds: float = 0) -> CallBack:
    """How FHIR servers are called back; within the seconds of the settings unless others are given."""
    return CallBack(
        outbound,
        open_servers=settings.open_fhir_servers,
        local_http=not settings.production,
        seconds=seconds or settings.call_back_seconds,
    )


def store_of(settings: Settings) -> Store:
    """The store, its schema checked; in development an SQLite file and its key are made where they are missing.

    Errors: ConfigurationFault.
    """
    key_file, url = settings.store_key_file, settings.database_url
    if not settings.production:
        beside = sqlite_file(url)
        key_file = key_file or (beside or Path(DEFAULT_STORE)).with_suffix(".key")
        make_key_file(key_file)
        if beside is not None:
            upgrade(url)
    if key_file is None:
        raise ConfigurationFault("CDS_STORE_KEY_FILE: is needed")
    keys = read_keys(key_file)
    if settings.production and is_open_to_others(key_file):
        raise ConfigurationFault(f"CDS_STORE_KEY_FILE: {key_file.name}: {OPEN_TO_OTHERS}")
    spool = settings.spool_dir or (sqlite_file(url) or Path(DEFAULT_STORE)).with_suffix(".spool")
    store = Store(url, Sealing(keys), spool)
    store.check()
    return store


def knowledge_of(settings: Settings, site: str = "", *, has_app: bool = False) -> Knowledge:
    """Mappings, thresholds and templates as the settings ask for them, of one site. Errors: ConfigurationFault.

    `has_app`: a client has the SMART app, so cards lead to it unless the settings say otherwise.
    """
    return gather(
        SitePolicy(
            site=site or settings.site,
            thresholds_file=settings.thresholds_file,
            public_base_url=settings.public_base_url or settings.local_base_url,
            as_of_allowed=settings.as_of_allowed,
            https_only=settings.production,
            max_entries=settings.max_entries,
            indicator_cap=settings.indicator_cap,
            smart_link=has_app if settings.smart_link is None else settings.smart_link,
            quiet_rules=frozenset(settings.quiet_rules),
            sign_off_file=settings.sign_off_file,
        )
    )


def clock(timezone: str) -> Callable[[], date]:
    """Which day it is in the time zone of record: the only clock of the service that reaches a rule."""
    zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
    return lambda: datetime.now(zone).date()
