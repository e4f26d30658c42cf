# Every target makes the environment it needs, in .venv, when there is none: `make demo` works in a fresh clone.
#
#   PYTHON=python3.12 make test     make the environment with that Python (3.11 or newer)
#   VENV=DIR make test              use the environment in DIR as it is; make and install nothing

ifdef VENV
PY := $(VENV)/bin/python
ready =
else
PY := .venv/bin/python
ready = .venv/ready-$(1)
endif

PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
KERNEL_TESTS := $(addprefix tests/test_,kernels.py convolution_kernels.py ctc.py fused_kernels.py math_kernels.py pool_kernels.py product.py recurrent.py sgd_and_adam.py adadelta_to_rprop.py optimizer.py optimizer_memory.py optimizer_state.py)
PYTEST := $(PY) -m pytest -n auto --maxprocesses 8

.DEFAULT_GOAL := help
.PHONY: help demo test test-all coverage lint format type bench bench-quick bench-readme docs docs-architecture docs-errors docs-lessons docs-library docs-links docs-performance docs-pictures docs-rules docs-screenshots notebooks wheel env-dev clean distclean

help:  ## say what each target does
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

demo: $(call ready,train)  ## train LeNet-5 on the embedded Fashion-MNIST pictures and show the report
	@out=runs/lenet; n=2; while [ -e $$out ]; do out=runs/lenet-$$n; n=$$((n + 1)); done; \
	echo "$(PY) -m nn train lenet --data fashion-mnist --epochs 10 --out $$out"; \
	$(PY) -m nn train lenet --data fashion-mnist --epochs 10 --out $$out || exit 1; \
	if [ "$$(uname)" = Darwin ]; then open $$out/report.html || true; \
	elif [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; then xdg-open $$out/report.html || true; \
	fi

# Coverage cannot see into compiled kernels, so their tests run once more, first, as plain Python.
test: $(call ready,dev)  ## run the tests, with coverage
	NUMBA_DISABLE_JIT=1 $(PYTEST) --cov --cov-report= --cov-fail-under=0 $(KERNEL_TESTS)
	$(PYTEST) --cov --cov-append

test-all: $(call ready,dev)  ## run the slow tests too
	$(PYTEST) -m "slow or not slow"

coverage: test  ## run the tests, and write which lines they miss to htmlcov/
	$(PY) -m coverage html

lint: $(call ready,dev)  ## check style and layout
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(call ready,dev)  ## lay out the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

type: $(call ready,dev)  ## check types
	$(PY) -m mypy

BENCH := $(PY) -m benchmarks --default-malloc
RESULTS := benchmarks/results

bench: $(call ready,bench)  ## time the engine beside PyTorch and others, half an hour
	$(BENCH) --json $(RESULTS)/full.json --chart $(RESULTS)/full.png

bench-quick: $(call ready,bench)  ## the same with fewer rounds, and without the default settings of malloc
	$(PY) -m benchmarks --quick --json $(RESULTS)/quick.json --chart $(RESULTS)/quick.png

bench-readme: $(call ready,bench)  ## the same as bench, for the figures that README.md shows
	$(BENCH) --json docs/benchmark.json --chart docs/benchmark.png --readme README.md
	$(PY) -m docs.performance

SPHINX := $(PY) -m sphinx --jobs auto --nitpicky --fail-on-warning --keep-going --quiet -c docs

docs: $(call ready,docs)  ## build the documentation site in build/site; warnings are errors
	@$(PY) -m autograd_core.warmup  # so that no notebook says that kernels are compiled
	$(SPHINX) --builder html --doctree-dir build/doctrees . build/site
	@echo "The site is in build/site: open build/site/index.html"

docs-links: $(call ready,docs)  ## ask every link to another site whether it still leads somewhere
	$(SPHINX) --builder linkcheck -D nb_execution_mode=off --doctree-dir build/doctrees-links . build/links

notebooks: $(call ready,notebooks)  ## run every notebook, with its outputs to build/notebooks
	@$(PY) -m autograd_core.warmup
	$(PY) -m docs.notebooks

docs-library: $(call ready,dev)  ## write the pages that say what each function, layer and optimizer does
	PYTHONPATH=tests $(PY) -m docs.library

docs-pictures: $(call ready,dev)  ## draw the pictures of the page on drawings
	$(PY) -m docs.pictures

docs-lessons: $(call ready,dev)  ## write the page of all lessons
	$(PY) -m docs.lessons

docs-errors: $(call ready,dev)  ## write the page of all errors, with what their messages say
	$(PY) -m docs.errors

docs-performance: $(call ready,dev)  ## write the page of all timings, from docs/benchmark.json
	$(PY) -m docs.performance

docs-architecture: $(call ready,dev)  ## draw the packages by their parts
	PYTHONPATH=tests $(PY) -m docs.architecture

docs-screenshots: $(call ready,dev)  ## take the screenshots of the page, in Chromium
	PYTHONPATH=tests $(PY) -m docs.screenshots

docs-rules: $(call ready,dev)  ## write the page of all derivative rules
	$(PY) -m docs.rules

wheel: $(call ready,train)  ## build dist/*.whl
	$(PY) -m pip wheel --quiet --no-deps --wheel-dir dist .

env-dev: $(call ready,dev)  ## make the environment of the tests

clean:  ## remove what tests and tools left; runs/ and .venv stay
	rm -rf build dist htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find autograd_core nn optim tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## and the environment
	rm -rf .venv

# One stamp for each set of extras; a changed pyproject.toml installs anew.
.venv/ready-%: pyproject.toml | .venv/made
	@echo "Installing autograd_core with what '$*' needs"
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[$*]" || \
	    { echo "make: installing failed; the Python package index must be reachable (see the lines above)" >&2; exit 1; }
	@touch $@

.venv/made:
	@for python in $(PYTHONS); do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "make: Python 3.11 or newer is needed, and none of these is: $(PYTHONS)." \
	         "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Making .venv with $$($$found --version)"; \
	$$found -m venv --clear .venv || { \
	    echo "make: $$found could not make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@
