"""What a process knows before the first call: code mappings, thresholds, prefetch templates, and whose they are."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from cds_service.cards.stamp import Stamp
from cds_service.cdshooks.prefetch import templates
from cds_service.errors import ConfigurationFault
from cds_service.guideline.assessment import Severity
from cds_service.guideline.catalogue import KNOWLEDGE_VERSION, all_rules
from cds_service.guideline.needs import NEEDS
from cds_service.guideline.thresholds import Thresholds
from cds_service.hooks.sign_off import Running, approval_of
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import Terminology
from cds_service.mapping.terminology import load as load_terminology

REVIEW_BY = date(2027, 11, 30)
"""The last day on which the knowledge of KNOWLEDGE_VERSION counts as reviewed where no sign-off says another one."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """What the site decided, as plain values (the settings that the hooks obey)."""

    site: str = ""
    thresholds_file: Path | None = None
    public_base_url: str = ""
    as_of_allowed: bool = True
    https_only: bool = False
    max_entries: int = 10_000
    indicator_cap: Severity = "warning"
    smart_link: bool = False
    quiet_rules: frozenset[str] = frozenset()
    sign_off_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Built once, shared by all calls. `stamp` is the part of a card's stamp that is the same for all calls."""

    policy: SitePolicy
    terminology: Terminology
    thresholds: Thresholds
    templates: Mapping[str, str]
    stamp: Stamp


def gather(policy: SitePolicy) -> Knowledge:
    """Load everything. Errors: ConfigurationFault naming file, line and reason."""
    terminology = load_terminology(mappings_root(), policy.site or None)
    thresholds = site_thresholds(policy.thresholds_file or _thresholds_of_site(policy.site))
    faults = [f"there is no rule {rule} to silence" for rule in sorted(policy.quiet_rules - set(all_rules()))]
    if terminology.knowledge != KNOWLEDGE_VERSION:
        faults.append(f"mappings of edition {terminology.knowledge} do not go with guidelines of {KNOWLEDGE_VERSION}")
    if faults:
        raise ConfigurationFault(faults)
    edition = KNOWLEDGE_VERSION + ("+site" if thresholds.changed else "")
    running = Running(edition, terminology.version, digest_of(thresholds), policy.site)
    stamp = Stamp(
        service_version=version("nextline-cds"),
        knowledge_version=edition,
        mappings_version=terminology.version,
        hook_instance="",
        patient_id="",
        public_base_url=policy.public_base_url,
        indicator_cap=policy.indicator_cap,
        smart_app=policy.smart_link,
        changed_thresholds=thresholds.changed,
        quiet_rules=policy.quiet_rules,
        approval=approval_of(policy.sign_off_file, running, REVIEW_BY),
    )
    return Knowledge(policy, terminology, thresholds, templates(NEEDS, terminology.codes_of), stamp)


def digest_of(thresholds: Thresholds) -> str:
    """What tells one set of thresholds from another, as decisions and /about name it."""
    return hashlib.sha256(repr(thresholds).encode()).hexdigest()[:16]


def _thresholds_of_site(site: str) -> Path | None:
    """`thresholds.toml` in the site's overlay folder, when there is one."""
    file = mappings_root() / "sites" / site / "thresholds.toml"
    return file if site and file.is_file() else None


def site_thresholds(file: Path | None) -> Thresholds:
    """The thresholds, with a site's own values from a TOML file. Errors: ConfigurationFault naming file and value."""
    if file is None:
        return Thresholds()
    try:
        return Thresholds().overridden(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationFault(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # not UTF-8, not TOML, or not a value the guidelines can work with
        raise ConfigurationFault(f"{file}: {error}") from None
