"""The strict schemas of everything that crosses the wire (JSON Schema 2020-12), as data in the folder `schemas`.

No official ones exist for CDS Hooks 2.x. What we send is closed: a member that is not listed is a fault.
What we take is open: a client of a newer version may send more (GEN-8).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

_PLACE = "#/components/schemas/"
_OF_A_FILE = ("$schema", "$id")


def request_schema(hook: str) -> str:
    """Name of the schema of a call for the hook."""
    return f"request-{hook}"


@cache
def wire_schemas() -> Mapping[str, Mapping[str, Any]]:
    """Every schema by name, as its file has it: references go from file to file. To be read only."""
    folder = files("cds_service.cdshooks").joinpath("schemas")
    found = {path.name.removesuffix(".json"): path for path in folder.iterdir() if path.name.endswith(".json")}
    return {name: orjson.loads(found[name].read_bytes()) for name in sorted(found)}


@cache
def component_schemas() -> Mapping[str, Any]:
    """The schemas as one document has them: references stay inside `#/components/schemas/`. To be read only."""
    return {name: _inside(schema, name) for name, schema in wire_schemas().items()}


def _inside(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_inside(member, name) for member in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _inside(member, name) for key, member in value.items() if key not in _OF_A_FILE}
    if isinstance(reference := value.get("$ref"), str):
        kept["$ref"] = _referred(reference, name)
    return kept


def _referred(reference: str, name: str) -> str:
    file, _, pointer = reference.partition("#")
    return _PLACE + (file.removesuffix(".json") or name) + pointer
