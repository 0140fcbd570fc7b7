"""A certificate authority for servers of these tests."""

from __future__ import annotations

from tests.ehr.fixtures import authority

__all__ = ("authority",)
