# Every target sets up what it needs with nothing but python3, venv and pip; none needs root or calls apt.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
UV     := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: help setup lock format check test test-all seeds demo up bench bench-long chaos soak checkov image

help: ## this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

setup: $(VENV)/.ready ## install the locked dependencies into .venv

$(VENV)/.ready: requirements/product.txt requirements/development.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --only-binary=:all: -r requirements/development.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

lock: ## resolve the dependencies again (needs uv on the path)
	$(UV) pyproject.toml -o requirements/product.txt
	$(UV) --group pyproject.toml:simulator -c requirements/product.txt -o requirements/simulator.txt
	$(UV) pyproject.toml --extra traces -c requirements/product.txt -o requirements/traces.txt
	$(UV) pyproject.toml --extra traces --group dev -c requirements/traces.txt -o requirements/development.txt
	$(UV) --group pyproject.toml:checkov -o requirements/checkov.txt

$(VENV)-checkov/.ready: requirements/checkov.txt
	$(PYTHON) -m venv $(VENV)-checkov
	$(VENV)-checkov/bin/pip install --quiet --require-hashes --only-binary=:all: -r requirements/checkov.txt
	touch $@

format: setup ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .

check: setup ## style, types, import contracts, Dockerfile, caps
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile
	$(PYTEST) tests/rules

test: setup ## every test that needs nothing else installed and takes no minutes
	$(PYTEST) -n 2 -m "not slow" tests

test-all: test ## and those that take minutes or need Debian packages, and the others on every other Python found
	$(PYTEST) -n 2 --dist loadfile -m slow --ignore=tests/chaos tests
	$(PYTEST) -n 2 --dist worksteal -m slow tests/chaos
	tests/every-python

seeds: setup ## the founding pages' facts, each with its tests; fails on a fact without them
	$(PYTEST) -n 2 -m "seed and not slow" -p tests.contract.seed_table tests

demo: setup ## the main job on this machine, from trigger to callback
	$(BIN)/python -m cli.demo

up: setup ## service, workers and simulator on this machine, until Ctrl-C
	$(BIN)/fanfare up

chaos: setup ## everything killed and everything wrong for a minute: no promise may break (SEED=n repeats one)
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED))

soak: setup ## the same for 35 minutes, with the take-overs measured
	$(BIN)/python -m tests.chaos soak $(if $(SEED),--seed $(SEED))

bench: setup ## what the design promises, measured beside others, in under ten minutes (SAVE=1 writes bench/results)
	$(BIN)/python -m bench $(if $(SAVE),--save)

bench-long: setup ## the measures that take more: drains of 2,000 runs, 1,000,000 stored, other queues (ONLY=peers: one of them)
	$(BIN)/python -m bench --long $(if $(ONLY),--only $(ONLY)) $(if $(SAVE),--save)

checkov: setup $(VENV)-checkov/.ready ## what Checkov finds in the manifests of every overlay and in the Dockerfile
	PATH="$(abspath $(BIN)):$$PATH" $(VENV)-checkov/bin/checkov --config-file deploy/checkov.yaml

image: ## the container images, product and simulator (needs docker, podman or buildah)
	deploy/build-image product
	deploy/build-image simulator
