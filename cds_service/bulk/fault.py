"""Why an export cannot be made, or cannot go on."""

from __future__ import annotations

from cds_service.errors import NextlineError


class ExportFault(NextlineError):  # noqa: N818 - the house word for what is refused is fault
    """One sentence for the person who runs the export. It never repeats a text of the server: it may name a patient."""


class JobLost(ExportFault):
    """The server's job has failed or is forgotten: going on is in vain, and the next run begins anew."""


class Stopped(ExportFault):
    """Another part of the export has failed; this one gave up its work."""
