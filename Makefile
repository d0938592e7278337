# The commands of this project; `make help` lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python
# Two cores are what the project is measured on; more workers only help where there are more cores.
TEST_WORKERS ?= 2
# A worker begins with its half of the tests in order and takes from the other's end when it is done. Dealt out
# a few at a time, the desk of each module would be started by both.
TEST_SHARES ?= worksteal
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help run doctor backup restore upgrade test faults lint types bench check format venv screenshots words

help: ## list these commands
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || true

venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is not on the PATH: install it, or run make PYTHON=/path/to/python3.11." >&2; exit 1; }
	@"$(PYTHON)" .ci/install.py

run: venv ## start the desk: web, worker, Redis and, without a provider key, the sandbox
	@exec $(PY) -m assistant.supervisor

doctor: venv ## say what is missing on this desk, and the line that mends it
	@$(PY) -m assistant.supervisor.aside doctor

backup: venv ## back the desk up, while it runs (TO=folder or file)
	@$(PY) -m assistant.supervisor.aside backup $(if $(TO),--to "$(TO)")

restore: venv ## put a backup in place (FILE=..., REPLACE=1 for a desk that is not empty)
	@test -n "$(FILE)" || { echo "Say which backup: make restore FILE=var/backups/....desk.tar.gz" >&2; exit 1; }
	@$(PY) -m assistant.supervisor.aside restore "$(FILE)" $(if $(REPLACE),--replace)

upgrade: venv ## after git pull: back up, then bring the data to this release; then restart
	@$(PY) -m assistant.supervisor.aside upgrade

test: venv ## run the tests (TESTS=tests/faq for a part of them)
	@$(PY) -m pytest -q -n $(TEST_WORKERS) --dist $(TEST_SHARES) $(TESTS)

faults: venv ## kill, cut and pause real processes by seed (RUNS=20 SEED=1, PARTS=plans, SOAK=30 for minutes)
	@$(PY) -m tests.faults.long $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(PARTS),--parts $(PARTS)) $(if $(SOAK),--soak $(SOAK))

lint: venv ## check style and who imports whom
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@PATH="$(CURDIR)/.venv/bin:$$PATH" lint-imports

types: venv ## check the types
	@DEBUG=1 $(PY) -m mypy

words: venv ## gather visitors' texts into the catalogues of assistant/locale and compile them
	@DEBUG=1 $(PY) -m tests.languages.catalogues

bench: venv ## run every benchmark in short on this machine (DATA=folder of question sets, JSON=folder)
	@DEBUG=1 $(PY) -m benchmarks $(if $(DATA),--data "$(DATA)") $(if $(JSON),--json "$(JSON)")

screenshots: venv ## photograph chat, widget and admin, light and dark (TO=folder, ONLY="chat-empty ...")
	@$(PY) -m tests.pictures $(if $(TO),--to "$(TO)") $(if $(ONLY),--only $(ONLY))

check: lint types ## all that needs no running server: style, types, migrations, production settings
	@DEBUG=1 DATABASE_URL=sqlite://:memory: $(PY) manage.py makemigrations --check --dry-run
	@DEBUG=0 SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		ORIGINS=https://support.example.com DATA_DIR=var/check \
		$(PY) manage.py check --deploy --fail-level WARNING

format: venv ## rewrite the files in the house style
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .
