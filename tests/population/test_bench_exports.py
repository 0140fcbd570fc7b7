"""What the benchmarks screen is what they say it is: a hospital of so many, a registry in which everybody is judged."""

from pathlib import Path

import pytest

from benchmarks.hospital import loads_of, write_hospital
from tests.population.exports import rows, screened


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(("share", "least", "most"), [(0.05, 10, 60), (1.0, 600, 600)])
def test_an_export_of_the_benchmarks(share: float, least: int, most: int, sparse: bool, tmp_path: Path) -> None:
    write_hospital(tmp_path / "export", 600, share, sparse=sparse)
    counts = screened(tmp_path / "export", tmp_path / "out")
    assert counts["patients"]["found"] == 600
    assert least <= counts["patients"]["with_disease"] <= most
    assert counts["lines"]["read"] == loads_of(tmp_path / "export")[0]
    assert counts["lines"]["broken"] == counts["patients"]["without_patient_resource"] == 0
    patients = [row["patient"] for row in rows(tmp_path / "out" / "screening.ndjson")]
    assert len(set(patients)) == len(patients) == counts["patients"]["with_disease"]
