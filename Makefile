# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
# Each target makes the virtual environment that it needs; nothing is installed again while nothing changed.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The first interpreter on the PATH that is new enough and can make a virtual environment.
find_python = for name in "$$PYTHON" python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$name"; exit; fi; \
	done; echo 'ddllm needs Python 3.11 or newer with venv; set PYTHON to one' >&2; exit 1

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(STAMP)  ## see the whole idea work on this machine; no account anywhere
	@$(BIN)/ddllm demo

.PHONY: test
test: $(STAMP)  ## lint, then all tests
	@$(MAKE) -j2 lint reference
	@$(BIN)/pytest -n auto --dist loadgroup

.PHONY: lint
lint: $(STAMP)  ## formatting, style, types, layers of the architecture, generated documentation
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	@$(BIN)/python -m docs.generate --check

.PHONY: reference
reference: $(STAMP)  ## fetch, once, what others publish and tests compare with (make test does)
	@$(BIN)/python -m tests.support.openapi
	@$(BIN)/python -m tests.support.price_catalogue

.PHONY: fix
fix: $(STAMP)  ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

.PHONY: docs
docs: $(STAMP)  ## rewrite the generated blocks of the documentation
	@$(BIN)/python -m docs.generate

.PHONY: prices
prices: $(STAMP)  ## make the table of Bedrock's prices anew, of the newest genai-prices
	@$(BIN)/python -m pip install -qq --upgrade genai-prices
	@$(BIN)/python -m ddllm.pricing.make_table

.PHONY: bench
bench: $(STAMP)  ## measure what ddllm costs a call, beside its peers; writes docs/performance.md (minutes)
	@$(BIN)/python benchmarks/per_call.py --write
	@$(BIN)/python benchmarks/startup.py --write
	@$(BIN)/python benchmarks/pricing.py --write
	@$(BIN)/python benchmarks/structured.py --write
	@$(BIN)/python benchmarks/queries.py --write
	@$(BIN)/python benchmarks/sync.py --write
	@$(BIN)/python -m benchmarks.evaluator --write
	@$(BIN)/python benchmarks/backtest.py --write
	@$(BIN)/python benchmarks/monitor_tests.py --write
	@$(BIN)/python benchmarks/redact.py
	@$(BIN)/python benchmarks/instructions.py --write

.PHONY: test-matrix
test-matrix: $(STAMP)  ## the runtime's tests against old and new ddtrace and the oldest boto3 (many minutes)
	@$(BIN)/nox

.PHONY: clean
clean:  ## remove everything that these targets made
	@rm -rf $(VENV) .venv-matrix dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The boot files lie beside the package, so that an editable install copies them: a change in them is a reason to install.
# Compiling every module of every library at once takes most of the time, and most are never imported.
$(STAMP): pyproject.toml _ddllm_boot.py ddllm.pth ddllm.start
	@test -x $(BIN)/python || { python=$$($(find_python)) && "$$python" -m venv $(VENV); }
	@$(BIN)/python -m pip install -qq --no-compile --editable '.[dev]'
	@touch $@
