"""A value of an object that is computed once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

ValueT = TypeVar("ValueT")


class lazy(Generic[ValueT]):  # noqa: N801 - used as a decorator, like property
    """Like `functools.cached_property` without its lock, which costs more than most of what is computed here.

    Objects with lazy values live in one call and one thread.
    """

    def __init__(self, compute: Callable[[Any], ValueT]) -> None:
        self.compute = compute
        self.name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[ValueT]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> ValueT: ...

    def __get__(self, instance: object | None, owner: type) -> lazy[ValueT] | ValueT:
        if instance is None:
            return self
        value = self.compute(instance)
        setattr(instance, self.name, value)  # through `__dict__` every later reading would be slower
        return value
