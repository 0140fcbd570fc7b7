"""Commands that stand in a document only to be read, and where each is run instead.

Each row: how the command begins, and a file with the words in it that run it, or the test of what the command does.
A test checks that the words are there; a command without a row fails.
"""

from __future__ import annotations

CLIENTS, STORE, COMMANDS = (f"tests/cli/test_{name}_commands.py" for name in ("client", "store", "mapping"))
PAGE, CI, MANIFESTS = "tests/docs/test_docs_commands.py", ".ci/run", "tests/deploy/test_deploy_manifests.py"

RUN_ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    ("make test", CI, "make test"),
    ("make check", CI, "make check"),
    ("make format", CI, "make check"),  # the same program; check fails where format would change a file
    ("make demo", "docs/tutorial.md", "$ make demo"),
    ("make serve", "docs/tutorial.md", "make serve"),
    (".ci/run", CI, "make demo"),
    ("git clone", "tests/packaging/test_bootstrap.py", "def test_what_cannot_be_had_is_said_and_another_way_is_tried"),
    (".venv/bin/cds-service demo --all", "tests/cli/test_commands.py", "def test_demo_sends_a_patient_to_the_real"),
    ("cds-service evaluate", "tests/cli/test_commands.py", "def test_evaluate_shows_the_card"),
    ("cds-service explain", "tests/cli/test_commands.py", "def test_explain_shows_the_rule"),
    ("cds-service serve", "tests/cli/test_commands.py", "def test_serve_answers_where_it_says"),
    ("cds-service settings", "tests/cli/test_commands.py", "def test_settings_are_printed_with_their_origin"),
    ("cds-service mappings unmapped", COMMANDS, "def test_rows_of_unmapped_become_an_overlay"),
    ("cds-service mappings check", COMMANDS, "def test_check_of_one_site_leaves_the_others_out"),
    ("cds-service mappings lookup", COMMANDS, "def test_lookup_shows_row_units_and_who_asks"),
    ("cds-service mappings export", COMMANDS, "def test_export_writes_the_same_bytes_twice"),
    ("cds-service clients add", CLIENTS, "def test_the_first_client_makes_the_file"),
    ("cds-service clients list", CLIENTS, "def test_it_tells_what_each_may_do"),
    ("cds-service clients test", CLIENTS, "def test_a_client_that_can_be_served"),
    ("cds-service db upgrade", STORE, "def test_upgrade_builds_and_says_the_revision"),
    ("cds-service db status", STORE, "def test_status_tells_what_is_there"),
    ("cds-service db verify", STORE, "def test_verify_says_whole_and_the_end_to_note"),
    ("cds-service db erase", STORE, "def test_erase_obeys_the_setting"),
    ("cds-service decisions list", STORE, "def test_the_filters_narrow"),
    ("cds-service decisions show", STORE, "def test_show_prints_the_card"),
    ("cds-service decisions export", STORE, "def test_the_export_holds_no_patient_data"),
    ("cds-service decisions refused", STORE, "decisions"),
    ("cds-service replay", STORE, "def test_all_are_byte_identical"),
    ("cds-service feedback report", STORE, "def test_the_report_counts_by_rule"),
    ("cds-service export", "tests/bulk/test_screened.py", "def test_an_exported_registry_is_screened_like"),
    ("make sandbox LAUNCHER=", "tests/smart/test_smart_make.py", "def test_make_sandbox_starts_what_it_prints"),
    ("openssl", PAGE, "def test_the_key_that_openssl_makes_is_one_that_export_takes"),
    ("cds-service screen", "tests/cli/test_screen.py", "def test_two_commands_lead_from_nothing_to_a_report"),
    ("cds-service synthesize", "tests/cli/test_screen.py", "def test_two_commands_lead_from_nothing_to_a_report"),
    ("curl -s -H 'Content-Type: application/json'", "docs/tutorial.md", "curl -s -H 'Content-Type: application/json'"),
    ("head -c 32 /dev/urandom | base64 > store.keys", "docs/how-to/shadow-to-live.md", "head -c 32 /dev/urandom"),
)

ON_ANOTHER_MACHINE: tuple[tuple[str, str, str], ...] = (
    # No container engine, no cluster and no package index in the tests: what these commands apply is checked instead.
    ("pip install 'nextline-cds[screen]'", "pyproject.toml", "screen = ["),
    ("pip install 'nextline-cds[dask]'", "pyproject.toml", "dask = ["),
    ("dask worker", "tests/population/test_distributed.py", "def test_"),
    ("duckdb -c", "docs/how-to/population.md", "import duckdb"),
    ("docker build", "tests/packaging/test_image.py", "def test_everything_that_is_copied_exists"),
    ("docker compose", MANIFESTS, "def test_everything_that_is_named_is_defined"),
    ("kubectl", MANIFESTS, "def test_the_kustomization_lists_every_manifest"),
    ("mkdir -m 0700 deploy/secrets", MANIFESTS, "def test_secrets_lie_where_git_does_not_look"),
    ("head -c 32 /dev/urandom | base64 > deploy", MANIFESTS, "def test_every_file_they_name_is_mounted"),
    ("head -c 24 /dev/urandom", MANIFESTS, "def test_every_file_they_name_is_mounted"),
    ("printf 'postgresql://", "tests/deploy/test_deploy_database_url.py", "def test_it_is_read"),
    ("chown 10001 deploy/secrets", MANIFESTS, "def test_every_file_they_name_is_mounted"),
    ("cp <certificate>", "tests/deploy/test_deploy_proxy.py", "def test_versions_of_today_are_spoken"),
)
