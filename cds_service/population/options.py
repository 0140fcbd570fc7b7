"""What a screening is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.hooks.knowledge import SitePolicy

SMALLEST_COUNT = 10


@dataclass(frozen=True, slots=True)
class Options:
    """`export` and `out` are folders, files or fsspec addresses. `smallest` is the smallest count the report shows."""

    export: str
    out: str
    on: date
    policy: SitePolicy
    over_time: bool = False
    deidentified: bool = False
    smallest: int = SMALLEST_COUNT
    resume: bool = False

    def asked(self) -> dict[str, Any]:
        """What decides the rows: a screening that was begun is gone on with only where all of this is the same."""
        return {
            "export": self.export,
            "asOf": self.on.isoformat(),
            "overTime": self.over_time,
            "deidentified": self.deidentified,
            "site": self.policy.site,
            "thresholds": str(self.policy.thresholds_file or ""),
        }
