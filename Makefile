# Needs python3 (3.11 or newer, or PYTHON=...), make and git, and for the page of a channel Node.js and npm; everything
# else is set up by the first target that needs it.

PYTHON ?= python3
export VENV ?= .venv
BIN := $(VENV)/bin
# The tests of a file run in one process, since they share fixtures that are slow to make. Two processes more than there
# are cores: a good part of their time is spent waiting, for servers and engines, and for what is slow on purpose.
PYTEST := $(BIN)/pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --dist loadfile --no-loadscope-reorder

.PHONY: help setup engine hosts servers browser page demo lint lint-systems site lint-and-site test-unit test-python \
  test test-long test-stores bench schemas docs lock dist

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## .venv with every package of requirements.lock
	@$(PYTHON) tools/setup

engine: setup ## the Pulumi engine, found or got
	@$(BIN)/python -m chaninfra.engine > /dev/null

hosts: setup ## what runs Pulumi programs in YAML, for the tests
	@$(BIN)/python tools/hosts.py > /dev/null

servers: setup ## the S3 servers that the tests run against
	@$(BIN)/python tools/servers.py > /dev/null

browser: setup ## Chromium, in which the tests of the page run
	@$(BIN)/python tools/browser.py > /dev/null

page: setup ## the page of a channel, built from page/ into the package; takes Node.js and npm
	@$(BIN)/python tools/page.py

demo: setup ## the whole story on this machine
	@$(BIN)/chaninfra demo

lint: setup ## formatting, types, layers and workflows
	$(BIN)/ruff check
	@# A file that is opened without an encoding has another one on Windows.
	$(BIN)/ruff check --preview --select PLW1514 cli infra
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --no-progress --quiet .github action.yml

site: setup ## the documentation site in build/site, from docs/ and the READMEs; every link is checked
	@$(BIN)/python tools/website.py

test-unit: setup ## the tests that need no server and no engine
	$(PYTEST) tests/unit tests/support

test-python: ## the unit tests with another Python, in an environment of its own: PYTHON=python3.14
	$(MAKE) test-unit VENV=.venv-$(notdir $(PYTHON))

lint-systems: setup ## types as on Windows and macOS
	@# Each of the two uses one core.
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 & windows=$$!; \
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin && wait $$windows

# Each of the two uses one core.
lint-and-site: setup
	@$(MAKE) --jobs=2 lint site

test: lint-and-site engine hosts servers ## lint, the site, and every test but those marked long
	$(PYTEST)

test-long: lint-systems engine hosts servers browser ## the tests marked long, and lint-systems
	$(PYTEST) -m 'long and not stores'

# Six servers more, got by apt-get, cargo, Go and pip; apt-get takes root. STORES="ceph s3s-fs" takes these alone.
export STORES ?=
test-stores: setup engine ## the tests of what each store can do, on every server that can be run here
	@$(BIN)/python tools/servers.py $(or $(STORES),all) > /dev/null
	$(BIN)/pytest --numprocesses 2 --dist loadgroup -m stores tests/integration/stores

# BENCH=--quick takes a tenth of every size, BENCH="--only many-writers" one part (--help names them); neither writes.
bench: servers ## ours against the reference indexer and an older commit; writes docs/benchmarks.md
	PYTHONPATH=tests:tools $(BIN)/python -m bench $(BENCH)

schemas: setup ## schemas/ and the components' arguments from the models
	$(BIN)/python tools/schemas.py
	$(BIN)/python tools/component_args.py

docs: schemas engine servers ## the pages of docs/ that the program prints
	$(BIN)/python tools/docs.py
	PYTHONPATH=tests:tools $(BIN)/python -m support.cases.doc_pages

# The same bytes from the same commit, wherever and whenever.
dist: setup ## the sdist and the wheel of a release, in dist/
	@$(BIN)/python -m hatchling build -d dist

# LOCK=--upgrade takes the newest of everything instead of keeping the pins that still fit.
lock: setup ## requirements.lock after a change of pyproject.toml, and the locks of the function in AWS Lambda
	tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	$(BIN)/pip install -q --disable-pip-version-check --target "$$tools" uv && \
	"$$tools/bin/uv" pip compile pyproject.toml --all-extras --group dev --generate-hashes --universal \
	  --python-version 3.11 --no-annotate --no-header --quiet $(LOCK) -o requirements.lock
	$(PYTHON) tools/setup
	$(BIN)/python tools/code_package_lock.py
