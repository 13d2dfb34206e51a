# The door to everything. `make help` prints itself from the ## comments.
# Needs git, make and Python 3.13 (`python3`, or name it: make test PYTHON=python3.13); all else is set up here.

PYTHON ?= python3
TOOLS := .tools
UV := $(TOOLS)/uv/bin/uv
UV_VERSION := 0.13.9
SAM := $(TOOLS)/sam/bin/sam
RUN := .venv/bin/python -m

export SAM_CLI_TELEMETRY := 0
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# Environments: one for the project, one for SAM CLI, one for MiniStack. Each is rebuilt when uv.lock changes.

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13) and "ARM Relay needs Python 3.13; try: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(TOOLS)/uv
	$(TOOLS)/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --group dev
	@touch $@

$(TOOLS)/%/.ready: $(UV) uv.lock
	UV_PROJECT_ENVIRONMENT=$(TOOLS)/$* $(UV) sync --quiet --frozen --only-group $*
	@touch $@

.PHONY: setup
setup: .venv/.ready $(TOOLS)/sam/.ready $(TOOLS)/ministack/.ready ## Install everything (the other targets do it themselves)
