# Every target sets up the virtual environment .venv by itself, and again only when the requirements changed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/requirements.stamp

.PHONY: help setup demo test lint bench local-up local-down clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.txt constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

setup: $(STAMP)  ## Create .venv with the pinned packages

demo: $(STAMP)  ## Run the whole DAG on this machine and show its result
	$(BIN)/python -m cli.demo

test: $(STAMP)  ## Run all tests
	$(BIN)/lint-imports --config pyproject.toml
	$(BIN)/python -m pytest -n auto --dist loadfile tests

lint: $(STAMP)  ## Style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy scripts
	$(BIN)/lint-imports --config pyproject.toml

bench: $(STAMP)  ## Run every benchmark; each ends with a line "ratio: <number>"
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python "$$benchmark"; done

local-up: $(STAMP)  ## Start the local endpoint
	$(BIN)/python -m sagemaker_local up

local-down: $(STAMP)  ## Stop the local endpoint; its state stays
	$(BIN)/python -m sagemaker_local down

clean:  ## Remove the environment, the caches and the local endpoint's state
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m sagemaker_local down || true; fi
	rm -rf .venv .venv-* .sagemaker_local .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
