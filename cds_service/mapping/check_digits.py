"""Check digits of the code systems that carry one.

A spreadsheet that took a code for a number leaves a code that fails its check digit; published code
lists contain such wrecks (terminology.md section 6).
"""

from __future__ import annotations

_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_FIRST_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permutations() -> tuple[tuple[int, ...], ...]:
    rows = [tuple(range(10))]
    for _ in range(7):
        rows.append(tuple(_FIRST_PERMUTATION[digit] for digit in rows[-1]))
    return tuple(rows)


_PERMUTED = _permutations()


def is_plain_number(text: str) -> bool:
    """ASCII digits only: `str.isdigit` alone also says yes to superscripts and other scripts."""
    return text.isascii() and text.isdigit()


def loinc_digit_is_right(code: str) -> bool:
    """True when the digit behind the dash is the mod-10 check digit of the number before it."""
    number, dash, check = code.partition("-")
    if not dash or not is_plain_number(number) or not is_plain_number(check) or len(check) != 1:
        return False
    return loinc_check_digit(number) == int(check)


def loinc_check_digit(number: str) -> int:
    """The mod-10 check digit of the digits before the dash."""
    total = 0
    for position, character in enumerate(reversed(number)):
        doubled = int(character) * (2 if position % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return (10 - total % 10) % 10


def snomed_digit_is_right(code: str) -> bool:
    """True for 6 to 18 digits without leading zero whose last is the Verhoeff check digit."""
    if not is_plain_number(code) or not 6 <= len(code) <= 18 or code[0] == "0":
        return False
    check = 0
    for position, character in enumerate(reversed(code)):
        check = _DIHEDRAL[check][_PERMUTED[position % 8][int(character)]]
    return check == 0
