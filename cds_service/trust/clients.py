"""Who calls: a CDS client that proved itself, or everybody in development."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "shadow"]


@dataclass(frozen=True, slots=True)
class Client:
    """A CDS client as this service knows it.

    `fhir_servers` are the base URLs that may be called with its tokens, `site` the overlay of codes, units and
    thresholds that its charts are read with (empty: the service's own). In `shadow` mode everything is computed and
    stored, and no card is shown.
    """

    issuer: str = ""
    name: str = ""
    tenant: str = ""
    site: str = ""
    mode: Mode = "live"
    fhir_servers: tuple[str, ...] = ()
