# Everything runs in .venv, which the first call makes: `make` or `make help` lists what there is.

PYTHON ?= python3
TORCH_INDEX ?=
UV ?= uv
UPGRADE ?=
PYTEST_ARGS ?= -n 2 --dist loadfile

VENV := .venv
BIN := $(VENV)/bin

export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS := 90

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-night lint format bench bench-transfer bench-peers chaos night lock clean
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  PYTHON=python3.12   the Python (3.11 or newer) that .venv is made with"
	@echo "  TORCH_INDEX=URL     where torch comes from; without a GPU, https://download.pytorch.org/whl/cpu"
	@echo "                      saves several GB on Linux"
	@echo "  PYTEST_ARGS=...     more arguments for pytest, such as -n 2 or -k space"

# ---- the environment: stamps inside .venv, so that a second call does nothing and a changed lock installs again ----

# The demo takes the smaller lock, unless the developers' one, which contains it, is there already.
DEMO_SET := $(if $(wildcard $(VENV)/.locked-dev),dev,demo)

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "There is no '$(PYTHON)' here: install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) tools/bootstrap.py
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.locked-%: requirements/%.txt requirements/torch.txt $(VENV)/.made
	@echo "== 1 of 3: the packages of $<, hashes checked (a few minutes the first time)"
	$(BIN)/python -m pip install --no-deps --require-hashes --use-pep517 --requirement $<
	@echo "== 2 of 3: torch$(if $(TORCH_INDEX), from $(TORCH_INDEX),; where no GPU is wanted, TORCH_INDEX=https://download.pytorch.org/whl/cpu is much smaller)"
	$(BIN)/python -m pip install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) --requirement requirements/torch.txt
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(VENV)/.locked-%
	@echo "== 3 of 3: athanor itself, as an editable package"
	$(BIN)/python -m pip install --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	@touch $@

.SECONDARY:

# ---- what people run ----

demo: $(VENV)/.installed-$(DEMO_SET) ## Run the example campaign; writes demo.db and demo.html
	$(BIN)/athanor run campaigns/b2_alloys.yaml --store sqlite:///demo.db --report demo.html

# One thread for each process: results do not depend on the number of cores, and parallel runs do not fight for them.
test test-slow test-night bench bench-transfer bench-peers chaos night: export OMP_NUM_THREADS := 1

# The same examples each time, so that what passed here passes there; PROFILE=default looks for new ones.
PROFILE ?= ci

test: $(VENV)/.installed-dev ## Run the fast tests (PROFILE=default: with examples that nobody has seen)
	$(BIN)/python -m pytest -m "not slow and not night" --hypothesis-profile=$(PROFILE) $(PYTEST_ARGS)

test-slow: $(VENV)/.installed-dev ## Run the slow tests: whole campaigns, real servers, a browser
	$(BIN)/python -m pytest -m "slow and not night" --hypothesis-profile=$(PROFILE) $(PYTEST_ARGS)

test-night: $(VENV)/.installed-dev ## Run the tests that take hours
	$(BIN)/python -m pytest -m night --hypothesis-profile=$(PROFILE) $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## Check style, format, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-dev ## Format the code and mend what ruff can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

SEEDS ?= 20
PAIRED ?= 100
ONLY ?=
JOBS ?=

bench-transfer: $(VENV)/.installed-dev ## Measure what priors save and cost (SEEDS=20 PAIRED=100 ONLY=PART)
	$(BIN)/python -W ignore tests/benchmarks/transfer/run.py --seeds $(SEEDS) --paired $(PAIRED) $(if $(ONLY),--only $(ONLY))

bench-peers: $(VENV)/.installed-dev ## Compare with BayBE, Ax and plain scripts (SEEDS=20 JOBS=1 ONLY=PART)
	$(BIN)/python -W ignore tests/benchmarks/peers/run.py --seeds $(SEEDS) $(if $(JOBS),--jobs $(JOBS)) $(if $(ONLY),--only $(ONLY))

bench: $(VENV)/.installed-dev ## Compare policies over many seeds
	$(BIN)/python tests/benchmarks/loop/run.py

FAULTS ?= 300
SERVER_FAULTS ?= 80
SEED ?= 7

chaos: $(VENV)/.installed-dev ## Break everything again and again, and count what is doubled or lost (FAULTS=300 SERVER_FAULTS=80 SEED=7)
	$(BIN)/python tests/benchmarks/chaos/run.py --faults $(FAULTS) --server-faults $(SERVER_FAULTS) --seed $(SEED)

SCALE ?= 240
PAGES ?=

night: $(VENV)/.installed-dev ## Spend a simulated night with a furnace, a reader and their faults, and tell it (SCALE=240 PAGES=FOLDER)
	$(BIN)/python tests/benchmarks/night/run.py --scale $(SCALE) $(if $(PAGES),--pages $(PAGES))

# ---- the locks: see requirements/README.md ----

COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --annotation-style line --custom-compile-command "make lock" --quiet $(UPGRADE) \
	--constraint requirements/torch.txt --excludes requirements/cuda-companions.txt --no-emit-package torch

lock: ## Resolve requirements/*.txt anew (needs uv; UPGRADE=--upgrade takes newer versions)
	@command -v $(UV) >/dev/null || { echo "There is no '$(UV)' here, which resolves the locks: pip install uv, or name it: make lock UV=/path/to/uv" >&2; exit 1; }
	$(COMPILE) --all-extras --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/base.txt
	$(COMPILE) --constraint requirements/dev.txt --extra oracles --output-file requirements/demo.txt

clean: ## Remove .venv, caches and the demo's files
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -f demo.db demo.db-wal demo.db-shm demo.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
