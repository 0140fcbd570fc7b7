"""The checks that the traps share report what they compared."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.traps.answers", "tests.traps.charts")
