"""From a hospital's server to a screening: what was exported is screened as what lies there."""

from __future__ import annotations

import json
from datetime import date

from tests.bulk.exports import Site
from tests.cli.in_process import run
from tests.ehr.bulk_server import Offered
from tests.population.exports import screened


def test_an_exported_registry_is_screened_like_the_registry_itself(site: Site) -> None:
    registry = site.out.parent / "registry"
    assert run("synthesize", "24", "--out", str(registry), "--as-of", "2026-11-22").status == 0
    told = json.loads((registry / "manifest.json").read_bytes())["output"]
    site.ehr.files = [Offered(file["type"], (registry / file["url"]).read_bytes(), file["count"]) for file in told]
    site.ehr.ways.asks_for_token = False
    done = run("export", "--fhir-server", site.ehr.base, "--out", str(site.out), "--group", "registry")
    assert done.status == 0, done.err
    brought = {file["type"] for file in json.loads((site.out / "manifest.json").read_bytes())["output"]}
    assert brought == {file["type"] for file in told} - {"Encounter"}, (
        "no rule reads an Encounter, so none is asked for"
    )

    on = date(2026, 11, 22)
    ours, theirs = (screened(folder, folder.parent / f"{folder.name}-out", on=on) for folder in (site.out, registry))
    assert ours["patients"] == theirs["patients"]
    assert ours["patients"]["found"] == 24
    assert ours["lines"]["used"] == theirs["lines"]["used"] > 300
