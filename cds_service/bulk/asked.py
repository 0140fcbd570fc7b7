"""What an export is asked: whose records, which types, from when on (FHIR Bulk Data Access, kick-off request)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from cds_service.bulk.fault import ExportFault
from cds_service.bulk.places import Place
from cds_service.outbound.address import Base

_id = re.compile(r"(?!\.+\Z)[A-Za-z0-9\-.]{1,64}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Asked:
    """All patients of a server, of a group of it, or the whole system. `since` is a FHIR instant; empty: everything.

    Errors: ExportFault for a group that is no FHIR id, and for a group of the whole system.
    """

    server: Base
    types: tuple[str, ...]
    group: str = ""
    system: bool = False
    since: str = ""

    def __post_init__(self) -> None:
        if self.group and self.system:
            raise ExportFault("--group and --system exclude one another")
        if self.group and not _id(self.group):
            raise ExportFault("--group is no FHIR id (letters, digits, - and ., at most 64)")

    @property
    def kick_off(self) -> Place:
        """Where the export is asked for."""
        level = "" if self.system else f"/Group/{self.group}" if self.group else "/Patient"
        wanted = {"_outputFormat": "application/fhir+ndjson", "_type": ",".join(self.types)}
        query = urlencode(wanted | ({"_since": self.since} if self.since else {}), safe=",")
        return Place(replace(self.server, path=f"{self.server.path}{level}/$export"), query)

    def told(self) -> Mapping[str, Any]:
        """What was asked, for the journal and the manifest: an export is gone on with only where all of it is equal."""
        level = "system" if self.system else f"Group/{self.group}" if self.group else "Patient"
        return {"server": self.server.url, "level": level, "types": list(self.types), "since": self.since}
