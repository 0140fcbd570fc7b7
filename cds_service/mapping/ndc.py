"""National Drug Codes in one spelling: 11 digits, as 5-4-2 (terminology.md section 6).

The label writes ten digits as 4-4-2, 5-3-2 or 5-4-1, billing writes eleven. Ten digits without dashes could
be any of the three, and are not guessed at. The first nine digits are maker and product: another package of a
product that is known holds the same drug.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cds_service.mapping import systems
from cds_service.mapping.codes import CodeTable, Meaning

_DASHED = re.compile(r"(\d{4}-\d{4}-\d{2})|(\d{5}-\d{3}-\d{2})|(\d{5}-\d{4}-\d)|(\d{5}-\d{4}-\d{2})", re.ASCII)
_PRODUCT = re.compile(r"(\d{4}-\d{4})|(\d{5}-\d{3,4})", re.ASCII)
_BARE = re.compile(r"\d{11}", re.ASCII)
_PRODUCT_DIGITS = 9


def normalised(code: str) -> str:
    """The eleven digits of an NDC, the nine of a product without package; empty for anything else."""
    written = code.strip()
    if _BARE.fullmatch(written):
        return written
    if not _DASHED.fullmatch(written) and not _PRODUCT.fullmatch(written):
        return ""
    return "".join(part.zfill(width) for part, width in zip(written.split("-"), (5, 4, 2), strict=False))


def products_of(table: CodeTable) -> Iterator[tuple[str, Meaning]]:
    """Every NDC that is known, as the nine digits of its product."""
    for (system, code), meaning in table.known.items():
        digits = normalised(code) if system == systems.NDC else ""
        if digits:
            yield digits[:_PRODUCT_DIGITS], meaning


def by_product(table: CodeTable) -> dict[str, Meaning]:
    """What each known product is. A product of which two rows say different things is left out: never guessed."""
    found: dict[str, Meaning] = {}
    torn: set[str] = set()
    for digits, meaning in products_of(table):
        earlier = found.setdefault(digits, meaning)
        if (earlier.concept, earlier.role, earlier.route) != (meaning.concept, meaning.role, meaning.route):
            torn.add(digits)
    return {digits: meaning for digits, meaning in found.items() if digits not in torn}


def look_up(products: Mapping[str, Meaning], code: str) -> Meaning | None:
    """The drug of an NDC in any spelling, by its product."""
    digits = normalised(code)
    return products.get(digits[:_PRODUCT_DIGITS]) if digits else None
