# The few words a newcomer needs: make demo, make test. `make help` lists the rest.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
# A test process for each core, each with a Postgres of its own; a file of tests stays in one of them,
# and files come in the order of tests/conftest.py.
AT_ONCE := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
BROWSER_LIBRARIES := src/shelfwise/web/static/vendor/.installed

.DEFAULT_GOAL := help
.PHONY: help demo up test check check-all bench docs lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: $(RUNTIME) $(BROWSER_LIBRARIES) ## a warehouse that lives, on real orders; Ctrl-C stops it
	@$(RUN) shelfwise --home .shelfwise/demo demo

up: $(RUNTIME) $(BROWSER_LIBRARIES) ## an empty installation of your own in .shelfwise/home
	@$(RUN) shelfwise --home .shelfwise/home up

test: $(DEVELOPMENT) $(BROWSER_LIBRARIES) ## all tests but the long ones, on real Postgres and real Chromium
	@CHROMIUM="$$($(RUN) scripts.chromium)" $(RUN) pytest -m "not slow" $(AT_ONCE)

check: $(DEVELOPMENT) ## style, types and the direction of imports
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(VENV)/bin/lint-imports

check-all: check $(BROWSER_LIBRARIES) ## everything: check, all tests, 20 kills, other user, path with a space, Postgres 15
	@bash scripts/mosquitto.sh
	@CHROMIUM="$$($(RUN) scripts.chromium)" $(RUN) coverage run -m pytest
	@$(RUN) coverage report
	@bash scripts/check_elsewhere.sh

bench: $(DEVELOPMENT) $(BROWSER_LIBRARIES) ## run every benchmark and write docs/benchmarks.md
	@$(RUN) scripts.bench

docs: $(DEVELOPMENT) ## write the reference pages that follow from the code
	@$(RUN) scripts.reference

lock: ## a maintainer's: write the lock files anew from pyproject.toml (needs uv)
	@bash scripts/lock.sh

clean: ## remove what was installed and built; keeps every installation's data
	rm -rf $(VENV) node_modules src/shelfwise/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Shelfwise needs Python 3.11 or newer, and none was found. Install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making a virtual environment with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked requirements"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	@echo "Installing the locked requirements for development"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(BROWSER_LIBRARIES): package-lock.json | $(RUNTIME)
	@echo "Installing the browser libraries"
	@command -v npm >/dev/null || $(PIP) install --require-hashes -r requirements-node.txt
	@$(RUN) scripts.browser_libraries
	@touch $@
