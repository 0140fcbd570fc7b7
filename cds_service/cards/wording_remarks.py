"""Remarks of a guideline that limit an answer without changing it; other remarks are shown as they come."""

from __future__ import annotations

REMARKS: dict[str, str] = {}
