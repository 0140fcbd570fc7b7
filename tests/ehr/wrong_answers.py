"""What an EHR server may say that is wrong, unexpected or of somebody else, each as a fault for a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.ehr.exchange import Answer, Json, outcome_answer
from tests.ehr.script import Fault, honest

LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form><input name=user></form></body></html>"
)


def said(answer: Answer) -> Fault:
    """This answer instead of the true one."""
    return lambda connection, request, _truth: honest(connection, request, lambda: answer)


def changed(change: Callable[[Answer], Answer]) -> Fault:
    """The true answer, changed."""
    return lambda connection, request, truth: honest(connection, request, lambda: change(truth()))


def edited(edit: Callable[[Any], object]) -> Fault:
    """The true JSON body after `edit`, which gives the new body or changes the old one and gives None."""

    def change(answer: Answer) -> Answer:
        body = answer.json
        new = edit(body)
        return answer.with_json(body if new is None else new)

    return changed(change)


def status(number: int, retry_after: str | None = None, code: str = "exception") -> Fault:
    """A refusal with an OperationOutcome, for example 503 with Retry-After."""
    return said(outcome_answer(number, code, {"Retry-After": retry_after} if retry_after else None))


def outcome_with_200(code: str = "exception") -> Fault:
    """200 whose body is an OperationOutcome of severity error."""
    return said(outcome_answer(200, code))


def unauthorized() -> Fault:
    return said(outcome_answer(401, "login", {"WWW-Authenticate": 'Bearer error="invalid_token"'}))


def forbidden() -> Fault:
    return said(outcome_answer(403, "forbidden"))


def login_page() -> Fault:
    """200 with an HTML form."""
    return said(Answer(200, (("Content-Type", "text/html; charset=utf-8"),), LOGIN_PAGE))


def xml() -> Fault:
    """200 with FHIR XML, whatever was accepted."""
    body = b'<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/></Bundle>'
    return said(Answer(200, (("Content-Type", "application/fhir+xml; charset=utf-8"),), body))


def content_type(value: str | None) -> Fault:
    """The true body under another Content-Type; None: under none."""
    return changed(lambda answer: answer.with_header("Content-Type", value))


def body(raw: bytes) -> Fault:
    """200 and FHIR's content type, with exactly these octets."""
    return changed(lambda answer: Answer(200, answer.headers, raw))


def redirect(location: str, number: int = 302) -> Fault:
    return said(Answer(number, (("Location", location),)))


def next_link(address: str | None) -> Fault:
    """The true page, its link to the next one replaced (or added); None removes it."""

    def edit(bundle: Json) -> None:
        kept = [link for link in bundle.get("link", ()) if link.get("relation") != "next"]
        bundle["link"] = [*kept, {"relation": "next", "url": address}] if address else kept

    return edited(edit)


def next_link_at(origin: str) -> Fault:
    """The true page, its link to the next page moved to another origin, path and query as they were."""

    def edit(bundle: Json) -> None:
        for link in bundle.get("link", ()):
            if link.get("relation") == "next":
                parts = urlsplit(link["url"])
                link["url"] = f"{origin}{parts.path}?{parts.query}"

    return edited(edit)


def of_patient(patient: str) -> Fault:
    """The true resources, all said to be of another patient; a Patient gets that id."""

    def edit(told: Json) -> None:
        for resource in _resources(told):
            if resource.get("resourceType") == "Patient":
                resource["id"] = patient
            for name in ("subject", "patient"):
                if isinstance(resource.get(name), dict):
                    resource[name]["reference"] = f"Patient/{patient}"

    return edited(edit)


def replaced(old: str, new: str) -> Fault:
    """The true body with one text for another, wherever it stands."""
    return changed(
        lambda answer: Answer(answer.status, answer.headers, answer.body.replace(old.encode(), new.encode()))
    )


def doubled() -> Fault:
    """The true bundle, every entry twice."""
    return edited(lambda bundle: json.loads(json.dumps(bundle | {"entry": [*bundle.get("entry", ())] * 2})))


def _resources(told: Json) -> Iterator[Json]:
    if told.get("resourceType") == "Bundle":
        yield from (entry["resource"] for entry in told.get("entry", ()) if "resource" in entry)
    else:
        yield told
