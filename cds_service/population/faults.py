"""Why a screening cannot be done."""

from __future__ import annotations

from cds_service.errors import NextlineError


class ScreeningFault(NextlineError):  # noqa: N818 - the house word for what is refused is fault
    """The export cannot be found or read, or what was begun does not go with what is asked now."""
