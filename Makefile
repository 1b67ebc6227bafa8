# Everything a newcomer needs: `make demo` to see it, `make test` to check it. Both set themselves up.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ROOMS := schemas matcher streams api deploy tests

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev browser broker demo up test check lint types contract docs-check quick format contracts \
	bench fuzz chaos chaos-embedded chaos-log lock clean

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "make %-14s %s\n", $$1, $$2}'

setup: .venv/.runtime ## make the environment: .venv from the lock, by version and hash

.venv/.runtime: requirements.lock pyproject.toml
	@echo "Setting up .venv (once; about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Cobuild needs Python 3.11: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

setup-dev: .venv/.dev ## the same, with what tests and checks need

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "Adding what tests and checks need (once) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

browser: ## Chromium and CJK fonts for the browser tests, where apt-get can bring them
	@bash tests/e2e/browser.sh

broker: setup-dev ## Java, Maven, kcat and Kafka's jars for the tests on real brokers, where they can be had
	@bash tests/kafka/tools.sh

demo: setup ## a living district on this machine: server, sample lists, console
	@$(BIN)/cobuild demo

up: setup ## the server alone, on the data under COBUILD_DATA_DIR
	@$(BIN)/cobuild up

test: setup-dev browser broker ## everything: properties at hundreds of examples, real browser, real Kafka, kills
	HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --durations 25

check: setup-dev lint types contract docs-check quick ## format, ruff, mypy, import contract, docs drift, quick tests

lint: setup-dev
	$(BIN)/ruff format --check $(ROOMS)
	$(BIN)/ruff check $(ROOMS)

types: setup-dev
	$(BIN)/mypy

contract: setup-dev
	$(BIN)/lint-imports

docs-check: setup-dev
	$(BIN)/python -m schemas.contracts check
	$(BIN)/python -m api.contract check
	$(BIN)/python -m deploy.reference check

fuzz: setup-dev ## properties at five thousand examples that are other ones every time
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest --timeout 7200 tests/property

quick: setup-dev
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -m "not slow and not browser and not chaos and not kafka"

format: setup-dev ## write the code in the house's form
	$(BIN)/ruff check --fix --quiet $(ROOMS) || true
	$(BIN)/ruff format $(ROOMS)

contracts: setup-dev ## write the generated documents anew
	$(BIN)/python -m schemas.contracts write
	$(BIN)/python -m api.contract write
	$(BIN)/python -m deploy.reference write

bench: setup-dev ## all benchmarks, beside their peers
	$(BIN)/cobuild bench all

chaos: setup-dev ## a hundred kills of workers, API, projector and brokers under load, then the invariants
	$(BIN)/python -m tests.chaos.cluster --kills 100

chaos-embedded: setup-dev ## fifty kills of the whole server on its embedded log, then the invariants
	$(BIN)/python -m tests.chaos.server --kills 50

chaos-log: setup-dev ## a thousand kills of a writer of the log
	$(BIN)/python -m tests.chaos.log_kill --kills 1000

lock: ## resolve the dependencies anew: names, versions, hashes
	@uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet --upgrade -o requirements.lock
	@uv pip compile pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet --upgrade -o requirements-dev.lock

clean: ## remove the environment and caches, never data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
