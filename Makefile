# Everything a person or the CI runs. Python 3.11, git and make are enough: the packages land in .venv.

PYTHON ?= python3
RUN := .venv/bin/python -m
WORKERS ?= auto

.PHONY: help
help: ## show this list
	@echo "Nextline CDS: make demo and make test are all you need at first."
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-18s%s\n", $$1, $$2}'

.PHONY: demo serve sandbox
demo: .venv/.ready ## start the real server, send it example patients, show the cards
	@$(RUN) cds_service.cli demo

serve: .venv/.ready ## run the service for development on CDS_HOST:CDS_PORT (127.0.0.1:8080)
	@$(RUN) cds_service.cli serve

sandbox: .venv/.ready ## the service and a FHIR server with example patients, for the public CDS Hooks Sandbox or a SMART launcher
	@$(RUN) tools.sandbox $(if $(LAUNCHER),--launcher $(LAUNCHER))

.PHONY: attacks
attacks: .venv/.ready-dev ## the attack cases, over real sockets
	@$(RUN) pytest tests/attack -n $(WORKERS) --maxprocesses 8

.PHONY: test properties fuzz faults replays coverage check format bench bench-population regression
test: .venv/.ready-dev ## run all tests
	@$(RUN) pytest -n $(WORKERS) --maxprocesses 8

properties: .venv/.ready-dev ## the property tests with 10,000 cases each (long)
	@$(RUN) pytest -p tools.long_properties -m hypothesis -n $(WORKERS) --maxprocesses 8

fuzz: .venv/.ready-dev ## schemathesis at length: every operation, with and without a socket (long)
	@FUZZ_CASES=1500 $(RUN) pytest tests/fuzz -n $(WORKERS) --maxprocesses 8

faults: .venv/.ready-dev ## kill writing processes on 500 random schedules: nothing acknowledged is lost or doubled (long)
	@FAULT_SCHEDULES=500 $(RUN) pytest tests/store/test_kill.py -n $(WORKERS) --maxprocesses 8

replays: .venv/.ready-dev ## answer 1,000 stored decisions again, byte by byte (long)
	@REPLAYS=1000 $(RUN) pytest tests/hooks/test_thousand_replays.py

coverage: .venv/.ready-dev ## every branch of the clinical core must be reached by its own tests
	@$(RUN) pytest tests/case tests/guideline -n $(WORKERS) --maxprocesses 8 --cov=cds_service/case --cov=cds_service/guideline --cov-branch \
		--cov-report=term-missing:skip-covered --cov-fail-under=100

check: .venv/.ready-dev ## style, types, the house's import rule, generated files up to date
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) cds_service.review_pages --check
	@$(RUN) pytest tests/test_architecture.py tests/test_docs.py

format: .venv/.ready-dev ## apply the style
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

bench: .venv/.ready-dev ## what one call costs, as ratios; writes docs/performance.md (minutes)
	@$(RUN) benchmarks --write

bench-population: .venv/.ready-dev ## what screening 1,000 to 100,000 patients costs, and Dask beside the embedded engine (long)
	@$(RUN) benchmarks.population --long

regression: .venv/.ready-dev ## the ratios of one call against the kept ones, in seconds
	@$(RUN) benchmarks --quick

.PHONY: tables stories
tables: .venv/.ready ## write the pages that follow from the code: docs/guidelines, docs/data-elements.md, docs/conformance.md, tables
	@$(RUN) cds_service.review_pages
	@.venv/bin/python tools/documents.py
	@.venv/bin/python tools/conformance_page.py

stories: .venv/.ready ## write the example patients and their answers (fixtures/patient-view)
	@$(RUN) cds_service.stories.build

.PHONY: docs pictures
docs: .venv/.ready-dev ## the documentation site, into build/site; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --strict --quiet
	@echo "build/site/index.html"

pictures: .venv/.ready-dev ## photograph the running service for the documents (needs Chromium; docs/pictures)
	@$(RUN) tools.screenshots

.PHONY: wheel checksums clean
wheel: checksums ## build the wheel into dist/, its mappings sealed
	@$(PYTHON) tools/bootstrap.py --wheel; built=$$?; $(PYTHON) tools/checksums.py --remove; exit $$built

checksums: ## seal the mappings of this copy (mappings/CHECKSUMS): any other byte keeps the service from starting
	@$(PYTHON) tools/checksums.py

clean: ## remove what was built; fixtures and tables stay
	rm -rf .venv build dist .coverage htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis

INSTALLED_FROM := uv.lock pyproject.toml tools/bootstrap.py

.venv/.ready: $(INSTALLED_FROM)
	@$(PYTHON) tools/bootstrap.py
	@touch $@

.venv/.ready-dev: $(INSTALLED_FROM)
	@$(PYTHON) tools/bootstrap.py --dev
	@touch .venv/.ready $@
