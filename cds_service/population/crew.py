"""Who does the pieces: processes of this machine, or the workers of a Dask cluster. The functions are the same."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Protocol, Self

from cds_service.population.faults import ScreeningFault

Piece = tuple[Any, ...]
_MOST_DEATHS = 5


class Crew(Protocol):
    """Does a function for each piece; pieces come back as they are done, in any order."""

    def each(self, do: Callable[..., Any], pieces: Iterable[Piece]) -> Iterator[tuple[Piece, Any]]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Alone:
    """This very process: to measure what a piece costs, and to see its faults where they happen."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nobody to send home."""

    def each(self, do: Callable[..., Any], pieces: Iterable[Piece]) -> Iterator[tuple[Piece, Any]]:
        """See Crew."""
        for piece in pieces:
            yield piece, do(*piece)


class LocalCrew:
    """Processes of this machine, started anew and not forked. One that dies is replaced, and its piece done again."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = self._hired()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def each(self, do: Callable[..., Any], pieces: Iterable[Piece]) -> Iterator[tuple[Piece, Any]]:
        """See Crew. Errors: ScreeningFault when processes keep dying."""
        left = dict.fromkeys(pieces)
        deaths = 0
        while left:
            try:
                for piece, result in self._once(do, list(left)):
                    del left[piece]
                    yield piece, result
            except BrokenProcessPool:
                deaths += 1
                if deaths > _MOST_DEATHS:
                    raise ScreeningFault("The worker processes keep dying: is there enough memory?") from None
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._hired()

    def _once(self, do: Callable[..., Any], pieces: list[Piece]) -> Iterator[tuple[Piece, Any]]:
        """A few pieces ahead of the workers, never all: what waits in the queue is memory."""
        waiting: dict[Future[Any], Piece] = {}
        coming = iter(pieces)
        while True:
            for piece in coming:
                waiting[self._pool.submit(do, *piece)] = piece
                if len(waiting) >= 2 * self._workers:
                    break
            if not waiting:
                return
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.result()
                yield waiting.pop(future), result

    def _hired(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, mp_context=multiprocessing.get_context("spawn"))


class DaskCrew:
    """The workers of a Dask cluster; the scheduler gives the piece of one that dies to another."""

    def __init__(self, scheduler: str) -> None:
        try:
            import distributed
        except ImportError:
            raise ScreeningFault("--engine dask needs the extra [dask]: pip install 'nextline-cds[dask]'") from None
        try:
            self._dask: Any = distributed
            self._client = self._dask.Client(scheduler)
        except (OSError, TimeoutError, ValueError):
            raise ScreeningFault(f"There is no Dask scheduler at {scheduler}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def each(self, do: Callable[..., Any], pieces: Iterable[Piece]) -> Iterator[tuple[Piece, Any]]:
        """See Crew. A piece is done once more where its worker died: what it writes is whole or absent."""
        waiting = {self._client.submit(do, *piece, pure=False, retries=2): piece for piece in pieces}
        for future, result in self._dask.as_completed(waiting, with_results=True):
            yield waiting.pop(future), result
            future.release()
