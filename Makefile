# Everything goes through `make setup`, which does nothing when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What was compiled is kept, whatever the environment wants: tests and servers start many processes.
unexport PYTHONDONTWRITEBYTECODE
NATIVE := schemas/native/events.so schemas/native/lookups.so runtime/native/records.so infra/local/native/failed_writes.so

.PHONY: help setup run test test-unit soak chaos fuzz lint bench bench-quick audit requirements clean
.DELETE_ON_ERROR:

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(INSTALLED) $(NATIVE) ## environment in .venv, Kafka and ClickHouse in the cache
	@$(BIN)/python -m infra.local.stack_cli fetch > /dev/null

run: setup ## the whole system on a simulated company; DATA=FOLDER for real files, DURATION=SECONDS to stop by itself
	@$(BIN)/kpistream run $(if $(DATA),--data '$(DATA)') $(if $(DURATION),--duration '$(DURATION)')

test: setup test-unit ## every test, with real Kafka and ClickHouse
	@$(BIN)/pytest tests -m integration -n 3 --dist loadfile --no-loadscope-reorder

test-unit: $(INSTALLED) $(NATIVE) ## the tests that start no server; DEPTH=20 for twenty times as many random examples
	@$(BIN)/pytest tests -m 'not integration' -n 2

soak: $(INSTALLED) $(NATIVE) ## simulated histories with faults, MINUTES=60 of them
	@$(BIN)/python -m tests.simulation --minutes $(or $(MINUTES),60)

chaos: setup ## faults on real servers under traffic, and a report; SECONDS=15 each, SEED=…
	@$(BIN)/python -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) --report chaos.md

fuzz: $(INSTALLED) $(NATIVE) ## damaged input for everything that parses bytes from outside, MINUTES=5 of it
	@$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),5)

lint: $(INSTALLED) ## style, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

bench: setup ## kpistream and its peers on the same events, and more, into bench.md; EVENTS=5000000
	@$(BIN)/python -m benchmarks $(if $(EVENTS),--events $(EVENTS))

bench-quick: setup ## two minutes: kpistream against the raw ceiling, fails below the bound in benchmarks/bound.json
	@$(BIN)/python -m benchmarks.quick

audit: ## known vulnerabilities of what is installed (needs the network); fails where it cannot tell
	@test -x build/audit/bin/pip-audit || { $(PYTHON) -m venv build/audit && \
	  build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit; }
	@build/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.txt

requirements: ## pin what requirements*.in ask for (needs uv); UPGRADE=1 for the newest versions
	@for name in requirements requirements-dev; do \
	  uv pip compile $$name.in -o $$name.txt $(if $(UPGRADE),--upgrade) --quiet --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 --python-platform x86_64-manylinux_2_28 || exit 1; done

clean: ## remove the environment and what runs and tests leave; the cache stays
	@rm -rf $(VENV) $(NATIVE) .kpistream build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without a compiler it says so, and all works without it.
$(NATIVE) &: $(NATIVE:.so=.c) | $(INSTALLED)
	@$(BIN)/python -m infra.build_native

$(INSTALLED): requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) > /dev/null || { \
	  echo "kpistream needs Python 3.11 or newer, install with: $$(grep -m1 '^sudo apt-get install' README.md)" >&2; \
	  exit 1; }
	@$(PYTHON) infra/local/prerequisites.py
	@echo "Installing Python packages into $(VENV) …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
