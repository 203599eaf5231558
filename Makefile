# Everything that one does here, one target each. `make` alone lists them.
# Stamps in .venv say what is built; a second `make run` builds only what changed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# uv trusts the machine's certificates, so that it works behind a hospital's own certificate authority.
export UV_SYSTEM_CERTS := 1
# uv and maturin look for the environment here, whatever else is active.
export VIRTUAL_ENV := $(CURDIR)/.venv
unexport CONDA_PREFIX

BIN := .venv/bin
WEB := src/telepresence/web
RUST := Cargo.toml Cargo.lock pyproject.toml $(shell find sfu -name target -prune -o \( -name '*.rs' -o -name Cargo.toml \) -print)
PAGE := $(shell find web_client -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)
PYTHON := $(shell find src -name '*.py' -o -name '*.pyi')

# ---- what one does -------------------------------------------------------------------------------

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-14s %s\n", $$1, $$2 }'

.PHONY: run
run: need .venv/.engine $(WEB)/index.html ## Build what changed and start the demo on http://localhost:8080
	@exec $(BIN)/telepresence serve --demo $(ARGS)

.PHONY: test
test: ## Everything: Rust, Python, TypeScript and browsers, with its own set-up
	@scripts/phases.sh 'set-up=test-setup' 'Rust=test-rust' 'Python=test-python' 'TypeScript=test-web' 'browsers=test-e2e'

.PHONY: check
check: need .venv/.engine web_client/node_modules/.stamp ## Lint, types and unit tests, without a browser
	@scripts/phases.sh 'lint=lint' 'Rust=test-rust' 'Python=test-python' 'TypeScript=test-web'

.PHONY: dev-python
dev-python: need-python .venv/.deps ## Work on the control plane with the fake engine: no Rust, no Node.js
	@echo "$(CURDIR)/src" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/telepresence-dev.pth"
	$(BIN)/python -m pytest -q --ignore tests/e2e -m 'not native'
	@echo 'ready: $(BIN)/python -m telepresence serve --fake-engine'

.PHONY: engine
engine: need .venv/.engine ## Build the media engine into .venv

.PHONY: page
page: need-node $(WEB)/index.html ## Build the page into the package

.PHONY: wheel
wheel: need .venv/.wheel ## Build the one wheel, stripped, into dist/

.PHONY: fmt
fmt: .venv/.deps web_client/node_modules/.stamp ## Format Python, Rust and TypeScript
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	cargo fmt --all
	cd web_client && npm run --silent format

.PHONY: fuzz
fuzz: need ## Fuzz each parser, and the whole node, for FUZZ_SECONDS (60) each
	@scripts/fuzz.sh $${FUZZ_SECONDS:-60}

.PHONY: schema
schema: .venv/.deps web_client/node_modules/.stamp ## Write the schema and the TypeScript types anew from the messages
	PYTHONPATH=src $(BIN)/python -m telepresence.signaling.schema
	cd web_client && npm run --silent generate

.PHONY: migration
migration: .venv/.deps ## Write a migration of the database, after a change of its tables: WHAT="in words"
	@PYTHONPATH=src $(BIN)/python scripts/migration.py "$(WHAT)"

.PHONY: lock
lock: .venv/.deps ## Write the locks anew: Python, Rust, npm
	$(BIN)/uv pip compile -q pyproject.toml --all-extras --group dev --universal -p 3.11 --generate-hashes --no-header --upgrade -o requirements.lock
	cargo update
	cd web_client && npm update --package-lock-only

.PHONY: clean
clean: ## Remove all that was built
	rm -rf .venv target dist $(WEB) web_client/node_modules web_client/dist test-artefacts .pytest_cache .ruff_cache

# ---- parts of the above --------------------------------------------------------------------------

.PHONY: need need-python need-node
need:
	@scripts/need.sh python rust node cc
need-python:
	@scripts/need.sh python
need-node:
	@scripts/need.sh node

.PHONY: debian
debian:
	@scripts/debian.sh

.PHONY: test-setup
test-setup: need
	@$(MAKE) --jobs 2 --output-sync=target debian .venv/.engine $(WEB)/index.html
	@$(MAKE) .venv/.wheel

.PHONY: test-rust
test-rust:
	cargo test --release --locked

.PHONY: test-python
test-python:
	$(BIN)/python -m pytest -q --ignore tests/e2e --numprocesses 2 --dist loadfile

.PHONY: test-web
test-web:
	cd web_client && npm run --silent test

.PHONY: test-e2e
test-e2e:
	$(BIN)/python -m pytest tests/e2e

.PHONY: lint
lint:
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/basedpyright --level error
	cargo fmt --all --check
	cargo clippy --release --locked --all-targets --quiet -- --deny warnings
	cd web_client && npm run --silent check

# ---- what is built, and from what ----------------------------------------------------------------

# uv itself is taken from the lock by pip, which checks its hash too; uv then does the rest. Modules are compiled at once:
# where PYTHONDONTWRITEBYTECODE is set, each start of the server would compile SQLAlchemy anew, for more than a second.
.venv/.deps: requirements.lock clips.lock
	@echo 'set up .venv'
	@[ -x $(BIN)/python ] || python3 -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes -r clips.lock
	@touch $@

# An editable install does not see a change of Rust, so make does.
.venv/.engine: .venv/.deps $(RUST)
	@echo 'build the engine'
	@$(BIN)/maturin develop --quiet --release --locked --uv --extras bots
	@touch $@

web_client/node_modules/.stamp: web_client/package-lock.json
	@echo 'install what the page is built with'
	@cd web_client && npm ci --silent --no-audit --no-fund
	@touch $@

$(WEB)/index.html: web_client/node_modules/.stamp $(PAGE)
	@echo 'build the page'
	@cd web_client && npm run --silent build
	@rm -rf $(WEB)
	@cp -R web_client/dist $(WEB)
	@touch $@

.venv/.wheel: .venv/.engine $(WEB)/index.html $(PYTHON) README.md LICENSE
	@echo 'build the wheel'
	@rm -rf dist
	@$(BIN)/maturin build --quiet --release --locked --strip --out dist
	@$(BIN)/python scripts/check_wheel.py dist/*.whl
	@touch $@
