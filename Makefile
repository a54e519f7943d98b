# Everything a person or a CI machine does with a checkout. `make` alone lists it.
#
# Needed: Linux, make, git and Python 3.11 or newer. Go only where official releases cannot be downloaded.

SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:

BIN := .venv/bin
PYTHONS := python3.13 python3.12 python3.11 python3
UV := uv==0.13.8
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-config

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z]*\): .*## /\1	/p' $(MAKEFILE_LIST) | sort | \
		while IFS='	' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

.PHONY: demo
demo: .venv/complete ## Show the whole thing on a real control plane (URL=... follows that repository)
	@$(BIN)/alumiini demo $(if $(URL),"$(URL)")

.PHONY: test
test: lint coverage control-plane ## Check everything: format, lint, types, imports, unit, integration
	$(BIN)/pytest --durations=10

.PHONY: coverage
coverage: .venv/complete ## Check that the tests of the supervisor reach every branch of it
	$(BIN)/coverage run -m pytest --quiet tests/supervisor tests/conformance
	$(BIN)/coverage report

.PHONY: bench
bench: .venv/complete control-plane ## Measure, and print counts beside times
	$(BIN)/python -m tests.benchmarks

.PHONY: lint
lint: .venv/complete ## Check format, lint, types and import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: .venv/complete ## Format the code and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: control-plane
control-plane: .venv/complete # etcd, kube-apiserver and the others: found, downloaded or built, once per machine
	@$(BIN)/python -m alumiini_py.controlplane

# What is locked already stays as it is unless pyproject.toml forbids it; delete a lock to get it fresh.
.PHONY: lock
lock: .venv/complete ## Write the lock files again from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --output-file requirements-dev.lock --group dev pyproject.toml
	@rm -f .venv/complete

.PHONY: clean
clean: ## Remove the virtual environment and every cache of the checkout
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

# The file is written last: an install that was interrupted has none, and is done again from the start.
.venv/complete: requirements-dev.lock pyproject.toml
	@rm -f $@
	@for python in $(PYTHONS); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
		python=; \
	done; \
	[ -n "$$python" ] || { echo 'No Python 3.11 or newer was found: install one, so that `python3` starts it.' >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$$python has no venv or ensurepip: install them (on Debian and Ubuntu the package python3-venv)." >&2; \
		exit 1; }; \
	echo "Installing the locked packages into .venv ($$("$$python" --version), some 20 s)"; \
	"$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
