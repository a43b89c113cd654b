# Everything a newcomer or a CI machine does here. Each target sets up what it needs from nothing but python3 and make.
#   make test T="tests/orders -k refund"     passes arguments to pytest
#   make demo A="--serve"                    passes arguments to the command (demo, dev, bench)
#   make dev PYTHON=python3.13               uses another Python for the virtual environment

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
T ?=
A ?=
BROWSER ?= yes
WHOLE ?= no

.DEFAULT_GOAL := help
# Some machines forbid Python to keep what it compiled. The tests start hundreds of processes, and each would compile all of us.
unexport PYTHONDONTWRITEBYTECODE
ifeq ($(WHOLE),yes)
export FARTHING_TEST_WHOLE := 1
endif
.DELETE_ON_ERROR:
.PHONY: demo dev examples test check bench lock clean help

demo: $(VENV)/.ready ## Buy, decline, confirm, abandon and refund by script; print what happened and the books
	@$(BIN)/farthing demo $(A)

dev: $(VENV)/.ready ## Database, sandbox, API, worker and shop, until Ctrl-C
	@$(BIN)/farthing dev $(A)

examples: $(VENV)/.ready ## The journeys of the applications in examples/, in a browser
	@tools/chromium $(BIN)/python
	@$(BIN)/python -m pytest -q tests/examples tests/test_examples.py $(T)

test: $(VENV)/.ready ## All tests (T="..." for pytest, WHOLE=yes as in CI, BROWSER=no without those that need a browser)
ifeq ($(BROWSER),no)
	@$(BIN)/python -m pytest -q -n 4 -m "not browser" $(T)
else
	@tools/chromium $(BIN)/python
	@$(BIN)/python -m pytest -q -n 4 $(T)
endif

check: $(VENV)/.ready ## Format, lint, types, architecture and lock; no network
	@echo "check: requirements.lock is current"
	@$(BIN)/python tools/lock.py --check
	@$(BIN)/python -m pip --disable-pip-version-check check
	@echo "check: format and lint"
	@$(BIN)/ruff format --check --quiet . || { echo "check: run \`$(BIN)/ruff format .\`" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@echo "check: types"
	@$(BIN)/mypy
	@echo "check: everything that was asked for has its test"
	@$(BIN)/python tools/asked_for.py --check
	@echo "check: imports and house rules"
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_repository.py tests/test_vendored.py

bench: $(VENV)/.ready ## Throughput as ratios to the bare minimum, measured in one run
	@$(BIN)/python -m benchmarks $(A)

lock: $(VENV)/.uv ## Write requirements.lock anew after a change of requirements (needs the network)
	@echo "lock: resolving"
	@$(BIN)/python tools/lock.py $(VENV)/uv/bin/uv

clean: ## Remove the virtual environment, caches and the development database
	@rm -rf $(VENV) .farthing .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist tests/sandbox/node/node_modules examples/saas/web/node_modules examples/saas/web/dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- the environment: three stamps, so that a second `make` is instant and a changed lock is installed again

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo "Farthing needs Python 3.11 to 3.14, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "environment: creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.locked: requirements.lock $(VENV)/.made
	@echo "environment: installing what requirements.lock names (a minute or two the first time)"
	@$(PIP) install --no-deps --require-hashes -r requirements.lock </dev/null
	@touch $@

$(VENV)/.ready: pyproject.toml $(VENV)/.locked
	@echo "environment: installing farthing itself, editable"
	@$(PIP) install --no-deps --no-build-isolation --editable . </dev/null
	@touch $@

# uv only resolves; it stays out of the environment that the lock describes.
$(VENV)/.uv: $(VENV)/.made
	@echo "environment: installing uv into $(VENV)/uv"
	@$(PYTHON) -m venv $(VENV)/uv
	@$(VENV)/uv/bin/python -m pip --disable-pip-version-check --no-input -qq install 'uv>=0.9' </dev/null
	@touch $@
