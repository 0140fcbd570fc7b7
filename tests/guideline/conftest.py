"""Shows the values when a line of a table fails."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.guideline.expectations")
