# The two commands are `make demo` and `make test`; both do all their set-up. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help setup setup-run demo check lint types contracts unit integration acceptance system test bench stubs format lock
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE :=
PYTEST := .venv/bin/python -m pytest

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup-run:
	@scripts/setup run

setup:  ## install all that the tests need
	@scripts/setup test

demo: setup-run  ## from a request to a proved, snapshotted, restored project
	@.venv/bin/python scripts/demo.py

lint: setup  ## ruff, shellcheck, buf
	@ruff check . && ruff format --check . && shellcheck scripts/setup .ci/run && buf lint

types: setup  ## mypy --strict
	@mypy

contracts: setup  ## who may import whom; stubs and pages that match their sources
	@lint-imports --no-logo && python proto/generate.py --check && python proto/document.py --check
	@python scripts/document_config.py --check && python scripts/describe_settings.py --check

unit: setup  ## the fast tests
	@$(PYTEST) tests/unit

check: lint types contracts unit  ## all of that: under a minute

integration: setup
	@$(PYTEST) tests/integration

acceptance: setup  ## whole scenarios through octractl against a real daemon
	@$(PYTEST) tests/acceptance

system: setup  ## an installed Octra on a Debian 13 that is booted for it; needs root
	@$(PYTEST) tests/system

test: check  ## everything
	@$(PYTEST) tests/integration tests/acceptance tests/system

bench: setup  ## each figure beside its reference, in one run
	@python -m tests.bench

stubs: setup  ## octra_proto/ and docs/api.md from proto/, docs/configuration.md and the module's settings.json from config.py
	@python proto/generate.py && python proto/document.py && python scripts/document_config.py \
	  && python scripts/describe_settings.py

format: setup
	@ruff check --fix-only . && ruff format .

lock:  ## requirements*.txt from pyproject.toml (needs uv)
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header -q --extra embedded pyproject.toml -o requirements.txt
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header -q --extra embedded --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
