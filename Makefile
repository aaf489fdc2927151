# Everything runs in .venv, which is made from requirements.lock alone and made again when that or pyproject.toml changes.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench lock picture coverage clean
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORDS := $(VENV)/.words
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help: ## say what can be made
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

$(READY): requirements.lock pyproject.toml
	@python=$$(tools/find-python) && { test -x $(BIN)/python || $$python -m venv $(VENV); }
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The catalogues of the screens, compiled again when one of them changes.
$(WORDS): $(READY) hatch_build.py $(wildcard tui/locale/*/*.po)
	$(BIN)/python hatch_build.py
	@touch $@

demo: $(WORDS) ## the whole way from interview to archive, with invented testimony; leaves its files in demo/
	@rm -rf demo
	$(BIN)/svidok demo --keep demo

test: $(WORDS) ## every test
	@tools/system-packages
	$(BIN)/python -m pytest -q -n auto --dist loadgroup

check: $(WORDS) ## style, types, arrows between packages, freshness of the lock, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python tools/lock.py --check
	$(BIN)/python -m pytest -q tests/test_project.py tests/test_imports.py

bench: $(WORDS) ## measure side by side, print one table and write docs/benchmarks.md (takes fifteen to twenty minutes)
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

lock: $(READY) ## write requirements.lock anew (needs a package index)
	$(BIN)/python tools/lock.py

picture: $(WORDS) ## draw the pictures of README and guides from the real screens, and the card of keys
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/keycard.py

coverage: $(WORDS) ## which lines no test reaches
	$(BIN)/coverage run -m pytest -q && $(BIN)/coverage report --skip-covered --show-missing

clean: ## remove what make made
	rm -rf $(VENV) demo .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
