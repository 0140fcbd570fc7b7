"""Dask gives what the embedded engine gives, also when one of its workers is killed in the middle."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from distributed import LocalCluster

from cds_service.population.crew import DaskCrew
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import registry
from tests.population.exports import ON, rows, screened


@pytest.mark.timeout(90)
def test_a_killed_worker_changes_nothing(tmp_path: Path) -> None:
    write_export(registry(300, 9, ON), tmp_path / "export", 9, ON, "R5", lambda done: None)
    screened(tmp_path / "export", tmp_path / "alone")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        first = next(iter(cluster.workers.values()))
        killed: list[int] = []
        killer = threading.Thread(target=kill_when_busy, args=(tmp_path / "dask" / "work", first.pid, killed))
        killer.start()
        with DaskCrew(cluster.scheduler_address) as crew:
            screened(tmp_path / "export", tmp_path / "dask", crew)
        killer.join()
    assert killed, "a worker was killed while there was work"
    assert rows(tmp_path / "dask" / "screening.ndjson") == rows(tmp_path / "alone" / "screening.ndjson")
    for name in ("counts.json", "report.html", "screening.parquet"):
        assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name


def kill_when_busy(work: Path, process: int, killed: list[int]) -> None:
    """Kill the worker as soon as the first task of reading is done."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if list(work.glob("gather-*.json")):
            os.kill(process, signal.SIGKILL)
            killed.append(process)
            return
        time.sleep(0.005)


def test_workers_that_outlive_a_screening_do_the_next_one_in_the_same_place(tmp_path: Path) -> None:
    """What a worker remembers of a work folder is that of one plan: the drugs by reference of the next are others."""
    for seed in (4, 5):
        write_export(registry(60, seed, ON), tmp_path / f"export{seed}", seed, ON, "R4", lambda done: None)
        screened(tmp_path / f"export{seed}", tmp_path / f"alone{seed}")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        DaskCrew(cluster.scheduler_address) as crew,
    ):
        for seed in (4, 5):
            screened(tmp_path / f"export{seed}", tmp_path / "dask", crew)
            for name in ("screening.ndjson", "counts.json"):
                assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / f"alone{seed}" / name).read_bytes()
