"""The dataclass of what each call makes by the dozen: frozen for the type checker, unguarded at run time.

A frozen dataclass sets every field through `object.__setattr__`, which costs four times as much as setting it. The
type checker sees `dataclasses.dataclass` and lets nobody assign to a field; equality, hash, `replace` and `asdict`
are those of a frozen dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as light_dataclass
else:
    from dataclasses import dataclass

    def light_dataclass(*, frozen: bool, slots: bool) -> Any:
        """Make a dataclass of the class; a frozen one is hashed by its fields."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["light_dataclass"]
