"""What one prefetch key holds: given, known empty, failed or absent (conformance section 6).

Absent and failed both mean *unknown*; null and an empty searchset mean *none*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast

from cds_service.fhir.bins import Resource

State = Literal["given", "known-empty", "failed", "absent"]

_POINTED_AT = frozenset({"Patient", "Medication", "Condition"})


@dataclass(slots=True)
class Opened:
    """One key, opened. `by_kind` holds its resources by type, without OperationOutcomes.

    `incomplete` means there are more pages or matches than came (PFD-5). `warnings` counts
    OperationOutcomes that are no error: never data. `unusable` counts entries that hold no resource.
    `full_urls` are the addresses under which Patient, Medication and Condition entries are pointed at.
    `odd_kinds` are the types of what was sent and cannot be used, such as a Bundle deep in a Bundle.
    """

    state: State = "given"
    by_kind: dict[str, list[Resource]] = field(default_factory=dict)
    incomplete: bool = False
    warnings: int = 0
    unusable: int = 0
    full_urls: list[tuple[str, Resource]] = field(default_factory=list)
    odd_kinds: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many resources, and entries that should have held one."""
        return self.unusable + sum([len(resources) for resources in self.by_kind.values()])


# Most keys of most calls hold nothing. One value stands for all of them, and nothing can be put into it.
_NO_KINDS = cast("dict[str, list[Resource]]", MappingProxyType({}))
NOTHING = Opened("known-empty", _NO_KINDS, full_urls=cast("list[tuple[str, Resource]]", ()))


def open_key(value: Any) -> Opened:
    """Open the value of one prefetch key: a Bundle, a resource, null, an OperationOutcome, or anything else.

    Data that came along with an error are kept, and the key still counts as failed: what arrived may be
    used to be careful, never to conclude that there is nothing more.
    """
    if value is None:
        return NOTHING
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        return Opened("failed")
    entries, total = value.get("entry"), value.get("total")
    if kind == "Bundle" and (entries is None or entries == []) and not total and "link" not in value:
        return NOTHING
    opened = Opened()
    if kind == "Bundle":
        _open_bundle(value, opened, depth=0)
    else:
        _keep(value, opened, None, depth=0)
    # How many matches the server says there are; included resources only make it come out lower.
    if isinstance(total, int) and total > (len(entries) if isinstance(entries, list) else 0):
        opened.incomplete = True
    if opened.state == "given" and not opened.by_kind:
        opened.state = "failed" if opened.unusable else "known-empty"
    return opened


def _open_bundle(bundle: Resource, opened: Opened, depth: int) -> None:
    entries, links = bundle.get("entry"), bundle.get("link")
    if isinstance(links, list) and any(isinstance(link, dict) and link.get("relation") == "next" for link in links):
        opened.incomplete = True
    if entries is None:
        return
    if not isinstance(entries, list):
        opened.state = "failed"
        return
    by_kind, plain = opened.by_kind, _PLAIN
    for entry in entries:
        resource: Any = entry.get("resource") if type(entry) is dict else None
        kind = resource.get("resourceType") if type(resource) is dict else None
        if type(kind) is not str:
            opened.unusable += 1
            if type(resource) is dict and "resourceType" in resource:
                # It says that it is something: the key did not come empty.
                opened.odd_kinds += ("unknown",)
        elif kind not in plain:
            _keep(resource, opened, entry.get("fullUrl"), depth)
        elif kind in by_kind:
            by_kind[kind].append(resource)
        else:
            by_kind[kind] = [resource]


_PLAIN = frozenset(
    {
        "Observation",
        "Procedure",
        "AllergyIntolerance",
        "MedicationStatement",
        "MedicationRequest",
        "MedicationAdministration",
    }
)


def _keep(resource: Resource, opened: Opened, full_url: Any, depth: int) -> None:
    """The rarer kinds: outcomes, a Bundle inside a Bundle (one level, some gateways do that), what is pointed at."""
    kind = resource["resourceType"]
    if kind == "OperationOutcome":
        if _is_error(resource):
            opened.state = "failed"
        else:
            opened.warnings += 1
        return
    if kind == "Bundle":
        if depth == 0:
            _open_bundle(resource, opened, depth=1)
        else:
            opened.unusable += 1
            opened.odd_kinds += (kind,)
        return
    opened.by_kind.setdefault(kind, []).append(resource)
    if kind in _POINTED_AT and isinstance(full_url, str):
        opened.full_urls.append((full_url, resource))


def _is_error(outcome: Resource) -> bool:
    issues = outcome.get("issue")
    return not isinstance(issues, list) or any(
        not isinstance(issue, dict) or issue.get("severity") in ("error", "fatal") for issue in issues
    )
