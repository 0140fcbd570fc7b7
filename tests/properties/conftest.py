"""How many charts are tried: 200 in every run, 10 000 with `make properties` or `--hypothesis-profile=long`."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.properties.prohibitions")

# The everyday run tries the same charts each time: a failure is then the change's, not the dice's.
settings.register_profile("everyday", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=10_000, deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("everyday")
