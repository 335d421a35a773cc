# Thin over the project's own commands: `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many files of `make engine` run at once, each with a control plane of its own: up to 2.5 GB each.
PLANES ?= $(shell awk '/^MemAvailable/ {n = int($$2 / 2500000)} \
  END {print (n < 1 ? 1 : n > 4 ? 4 : n)}' /proc/meminfo 2>/dev/null || echo 2)
.DEFAULT_GOAL := help
.PHONY: help setup up down test quick lint types unit tools engine dist docs fmt lock completions types-table custom-resources-table schemas component-types pictures clean

##@ Use
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: setup ## Set up and run samples/facebook to Ready, on your cluster or a local one
	@$(BIN)/python tools/sample.py up

down: setup ## Destroy the sample's stack and stop the local control plane
	@$(BIN)/python tools/sample.py down

##@ Test
test: setup quick engine ## Set up and run the whole test suite

quick: setup lint types docs unit ## Lint, types, documentation, unit and conformance tests: under two minutes

lint: setup ## ruff and the import contract
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports

types: setup ## mypy, strict
	@$(BIN)/mypy

unit: setup ## Unit and conformance tests
	@$(BIN)/pytest -q --numprocesses auto --dist worksteal tests/unit tests/conformance

tools: setup ## Build what is missing of Pulumi, the control plane and what tests run
	@$(BIN)/python tools/sample.py tools

engine: setup tools ## Tests against the real engine, a real API server and real pickers
	@exec $(BIN)/python tools/supervise.py $(BIN)/pytest -q -rs --numprocesses $(PLANES) --dist loadfile \
	  --no-loadscope-reorder tests/differential tests/engine tests/operator tests/routing

dist: setup ## Build sdist and wheel into dist/, install the wheel by itself and use it
	@$(BIN)/python tools/dist.py

docs: setup ## Build the documentation into build/site; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet && echo built build/site/index.html

##@ Develop
setup: $(VENV)/.ready ## Make the virtual environment from the lock

$(VENV)/.ready: requirements.lock pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV)
	@touch $@

fmt: setup ## Format the code
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

lock: setup ## Resolve the dependencies again
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

completions: setup ## Make the shells' completions again from the command line
	@$(BIN)/python tools/completions.py

types-table: setup ## Make the table of Kubernetes types again from the Go modules
	@$(BIN)/python tools/types/generate.py

custom-resources-table: setup ## Make the table of custom resources again from the pinned modules
	@$(BIN)/python tools/crds/schemas.py

schemas: setup ## Make the JSON Schemas for editors again from the models
	@$(BIN)/python tools/schemas.py

component-types: setup ## Make the types and the schema for Pulumi programs again
	@$(BIN)/python tools/componenttypes.py

pictures: setup ## Draw the pictures in the samples' READMEs again
	@$(BIN)/python tools/pictures.py

clean: ## Remove the virtual environment and caches of this checkout
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
