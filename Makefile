# Only Python >= 3.11 and make are needed. `make help` lists what there is.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
BUYERS ?= 5000
UNITS ?= 1000
SEED ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench chaos lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: .venv/.ready ## what the others need, once

# Built again only when the lock or the project file is newer than the last time it worked.
.venv/.ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## a whole sale in a minute, and the ledger of every promise
	$(BIN)/flashsale demo --buyers $(BUYERS) --units $(UNITS) $(if $(SEED),--seed $(SEED))

run: setup ## the engine with an open sale, until Ctrl-C (PORT=)
	$(BIN)/flashsale run --port $(PORT)

test: setup ## every test that needs no optional tool
	$(BIN)/python -m pytest

check: setup ## what CI runs: format, lint, types, import rules, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

bench: setup ## measurements side by side, into loadtests/results/bench.json
	$(BIN)/python -m loadtests.bench

chaos: setup ## fault runs (SEED= repeats one)
	$(BIN)/python -m loadtests.chaos $(if $(SEED),--seed $(SEED))

lock: setup ## resolve pyproject.toml into both lock files
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal \
	  --python-version 3.11 --all-extras pyproject.toml -o requirements.txt
	echo 'setuptools>=80' | $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url \
	  --universal --python-version 3.11 --custom-compile-command 'make lock' \
	  -c requirements.txt pyproject.toml - -o docs/deploy/requirements.txt

clean: ## remove the environment and all caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
