# Every target sets up what it needs with nothing but python3, venv and pip; none needs root or calls apt.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup lock check format test test-all demo up bench

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

setup: $(VENV)/.ready ## install the locked dependencies into .venv

$(VENV)/.ready: requirements/product.txt requirements/development.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --only-binary=:all: -r requirements/development.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

lock: ## resolve the dependencies again (needs uv on the path)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet -o requirements/product.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet -c requirements/product.txt -o requirements/development.txt

format: setup ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .

check: setup ## style, types, import contracts, caps
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST) tests/rules -s

test: setup ## every test that needs nothing else installed
	$(PYTEST) -m "not slow" tests
