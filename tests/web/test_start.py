"""A start that would answer wrongly from the first call on is refused, with the reason (promise R8)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cds_service.app import clock, create_app, knowledge_of
from cds_service.errors import ConfigurationFault
from cds_service.hooks.knowledge import Knowledge, site_thresholds
from cds_service.hooks.self_test import check
from cds_service.settings import Settings


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return knowledge_of(Settings())


class TestSelfTest:
    def test_sound_knowledge_passes_every_check(self, knowledge: Knowledge) -> None:
        assert set(check(knowledge).values()) == {"passed"}

    @pytest.mark.parametrize(
        ("spoil", "named"),
        [
            (lambda known: {}, "mappings"),
            (lambda known: {key: row for key, row in known.items() if row.concept != "creatinine"}, "units"),
            (lambda known: {key: row for key, row in known.items() if row.kind != "condition"}, "guidelines"),
        ],
    )
    def test_codes_that_went_missing_are_noticed(
        self, knowledge: Knowledge, spoil: Callable[[dict[tuple[str, str], object]], object], named: str
    ) -> None:
        terminology = replace(knowledge.terminology, known=spoil(dict(knowledge.terminology.known)))
        with pytest.raises(ConfigurationFault) as refused:
            check(replace(knowledge, terminology=terminology))
        assert any(named in fault for fault in refused.value.faults)

    def test_a_silenced_rule_does_not_fail_it(self, knowledge: Knowledge) -> None:
        silent = replace(knowledge, stamp=replace(knowledge.stamp, quiet_rules=frozenset({"MN-26", "MN-27", "MN-07"})))
        assert check(silent)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("early = 'soon'", "early"),
        ("early = 100000", "early"),
        ("unheard_of = 1", "unheard_of"),
        ("early = ", ""),
    ],
)
def test_a_wrong_threshold_file_is_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text(content)
    with pytest.raises(ConfigurationFault) as refused:
        create_app(Settings(thresholds_file=file))
    assert all("thresholds.toml" in fault and said in fault for fault in refused.value.faults)


def test_a_missing_threshold_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="cannot be read"):
        site_thresholds(tmp_path / "none.toml")


def test_a_sites_own_threshold_shows_in_the_edition_and_on_about(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text("early = 150")
    about = create_app(Settings(thresholds_file=file)).test_client().get("/about").get_json()
    assert about["versions"]["knowledge"].endswith("+site")
    assert any("early" in change for change in about["sourceAttributes"]["siteChanges"])


def test_a_rule_that_does_not_exist_cannot_be_silenced() -> None:
    with pytest.raises(ConfigurationFault, match="MN-99"):
        create_app(Settings(quiet_rules=("MN-99",)))


def test_a_site_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationFault, match="nowhere"):
        create_app(Settings(site="nowhere"))


class TestAbout:
    def test_it_says_that_nobody_signed_it_and_what_it_is_not(self) -> None:
        about = create_app(Settings()).test_client().get("/about").get_json()
        assert about["status"]["clinicalReview"] == "No clinician has signed this knowledge yet."
        assert "Not CE marked, not FDA cleared" in about["status"]["regulatory"]
        assert about["versions"]["mappings"].startswith("sha256:")
        assert len(about["sourceAttributes"]["citations"]) > 20


def test_ready_names_what_was_checked() -> None:
    ready = create_app(Settings()).test_client().get("/health/ready").get_json()
    assert ready["status"] == "ready"
    assert {"mappings", "units", "guidelines", "cards"} <= set(ready["checks"])


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_a_day_in_the_time_zone_of_record(zone: str) -> None:
    assert abs((clock(zone)() - clock("UTC")()).days) <= 1


def test_a_server_process_is_settled_before_it_serves() -> None:
    program = "import gc, cds_service.wsgi; print(gc.get_freeze_count())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout.split()[-1]) > 50_000
