"""Rows as Parquet, for SQL and dataframes. The columns are those of the NDJSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.population import storage
from cds_service.population.faults import ScreeningFault

Kind = str | list["Kind"] | dict[str, "Kind"]
_WORDS: Kind = ["word"]
SCREENING: Mapping[str, Kind] = {
    "patient": "word",
    "disease": "word",
    "state": "word",
    "action": "word",
    "class": "word",
    "alternatives": _WORDS,
    "vetoed": [{"class": "word", "reason": "word"}],
    "rule": "word",
    "severity": "word",
    "missing": _WORDS,
    "notes": _WORDS,
    "evidence": _WORDS,
    "conflicts": _WORDS,
    "lines": [
        {
            "classes": _WORDS,
            "agents": _WORDS,
            "start": "word",
            "end": "word",
            "outcome": "word",
            "why": "word",
            "reduction": "number",
            "sources": _WORDS,
        }
    ],
    "facts": [
        {
            "name": "word",
            "value": "number",
            "word": "word",
            "unit": "word",
            "date": "word",
            "role": "word",
            "source": "word",
        }
    ],
    "setAside": [{"reason": "word", "count": "whole"}],
    "card": "yes or no",
    "asOf": "word",
    "sex": "word",
    "age": "whole",
    "site": "word",
    "resources": "whole",
    "fhirVersion": "word",
    "versions": {"service": "word", "knowledge": "word", "mappings": "word", "changedThresholds": _WORDS},
}
"""Dates are words as in the NDJSON: a deidentified row has days there."""


TIMELINE: Mapping[str, Kind] = {
    **dict.fromkeys(("patient", "disease", "state", "action", "class", "rule", "severity"), "word"),
    **dict.fromkeys(("firstShown", "lastShown"), "word"),
    "months": "whole",
}


def write_parquet(path: str, columns: Mapping[str, Kind], heaps: Iterable[list[dict[str, Any]]]) -> None:
    """Write the rows, heap by heap. Errors: ScreeningFault without the extra [screen]."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        raise ScreeningFault("Parquet needs the extra [screen]: pip install 'nextline-cds[screen]'") from None
    schema = pa.schema([(name, _type_of(kind, pa)) for name, kind in columns.items()])
    with storage.writing(path) as stream, parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        for rows in heaps:
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _type_of(kind: Kind, pa: Any) -> Any:
    if isinstance(kind, list):
        return pa.list_(_type_of(kind[0], pa))
    if isinstance(kind, dict):
        return pa.struct([(name, _type_of(part, pa)) for name, part in kind.items()])
    return {"word": pa.string(), "number": pa.float64(), "whole": pa.int64(), "yes or no": pa.bool_()}[kind]
