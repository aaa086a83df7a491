# Everything a newcomer needs: `make run` and `make test`. `make help` lists the rest.

PORT ?= 8000
HOST ?= 127.0.0.1
export PORT HOST

# The first Python that is new enough makes the virtual environment; afterwards only that one is used.
FIND_PYTHON = for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo "$$python" && break; done
PYTHON ?= $(shell $(FIND_PYTHON))
VENV = .venv/bin/python
MANAGE = $(VENV) manage.py

.PHONY: prepared help run test check reset-demo format
.DEFAULT_GOAL := help

help:
	@echo "make run         serve the site with demonstration data on PORT (default 8000)"
	@echo "make test        run all tests that can run here"
	@echo "make check       check format, lint, templates, types, migrations and production settings"
	@echo "make format      put Python and templates into the project's format"
	@echo "make reset-demo  throw the demonstration database away and build it anew"

# What each command needs, made once and again when its source changes

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer with its venv module is needed, and was not found here."; \
		echo "On Debian: apt-get install python3 python3-venv"; \
		echo "If it is elsewhere: make run PYTHON=/path/to/python3.11"; \
		exit 1; }
	@echo "Making a virtual environment in .venv ..."
	@"$(PYTHON)" -m venv .venv

.venv/packages: requirements.txt | .venv/bin/python
	@echo "Installing the packages of requirements.txt ..."
	@$(VENV) -m pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/packages-dev: requirements.txt requirements-dev.txt | .venv/bin/python
	@echo "Installing the packages of requirements-dev.txt ..."
	@$(VENV) -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch .venv/packages $@

TRANSLATIONS = $(patsubst %.po,%.mo,$(wildcard ntm_tracker/locale/*/LC_MESSAGES/django.po))

%.mo: %.po | .venv/packages
	@$(VENV) -m babel.messages.frontend compile --input-file=$< --output-file=$@ 2>/dev/null

var/secret_key: | .venv/packages
	@mkdir -p var
	@umask 077 && $(VENV) -c 'import secrets; print(secrets.token_urlsafe(50))' > $@

var/static/staticfiles.json: $(shell find static -type f) .venv/packages
	@$(MANAGE) collectstatic --no-input --clear --verbosity 0

prepared: .venv/packages var/secret_key var/static/staticfiles.json $(TRANSLATIONS)
	@:

# The demonstration: production's way of serving, on a fixed day

DEMO_TODAY ?= 2015-01-10

PREPARE = set -e; \
	export DEMO_TODAY="$(DEMO_TODAY)" SECRET_KEY="$${SECRET_KEY:-$$(cat var/secret_key)}"; \
	$(MANAGE) migrate --verbosity 0; \
	$(MANAGE) load_reference || { \
		echo "Where the demonstration was made by an older state of the project: make reset-demo"; exit 1; }; \
	$(MANAGE) load_demo

run: | .venv/bin/python
	@$(VENV) -m ntm_tracker.port "$(HOST)" "$(PORT)"
	@$(MAKE) --no-print-directory prepared
	@$(PREPARE); exec $(VENV) -m gunicorn

reset-demo: prepared
	@test -z "$(DATABASE_URL)" || { \
		echo "reset-demo only throws var/demo.sqlite3 away, but DATABASE_URL names another database."; exit 1; }
	@test -z "$(EVIDENCE_ROOT)" || { \
		echo "reset-demo only throws var/demo-evidence away, but EVIDENCE_ROOT names another folder."; exit 1; }
	@rm -rf var/demo.sqlite3 var/demo.sqlite3-wal var/demo.sqlite3-shm var/demo-evidence
	@$(PREPARE)
	@echo "The demonstration starts afresh: make run"

# Tests and checks

test: .venv/packages-dev $(TRANSLATIONS)
	@$(VENV) -m tests.run

CHECKS = check-python check-templates check-types check-hosts check-migrations check-production
.PHONY: $(CHECKS)

check: .venv/packages-dev $(TRANSLATIONS)
	@$(MAKE) --keep-going --no-print-directory $(CHECKS)

check-python:
	$(VENV) -m ruff format --check .
	$(VENV) -m ruff check .

check-templates:
	$(VENV) -m djlint --check --lint templates

check-types:
	$(VENV) -m mypy

check-hosts:
	$(VENV) -m tests.hosts

check-migrations:
	DATABASE_URL=sqlite://:memory: $(MANAGE) makemigrations --check --dry-run

check-production:
	ENVIRONMENT=production DEBUG= DEMO_TODAY= ALLOWED_HOSTS=ntm.example.vn \
		DATABASE_URL=postgres://ntm:ntm@127.0.0.1:5432/ntm \
		SECRET_KEY="$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		$(MANAGE) check --deploy --fail-level WARNING

format: .venv/packages-dev
	$(VENV) -m ruff format .
	$(VENV) -m ruff check --fix .
	$(VENV) -m djlint --quiet --reformat templates
