"""A pytest plugin for `make properties`: 10,000 cases for each property that does not say its own number."""

from hypothesis import settings

settings.register_profile("long", max_examples=10_000, deadline=None)
settings.load_profile("long")
