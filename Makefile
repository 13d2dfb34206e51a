# The door to everything. `make help` prints itself from the ## comments.
# Needs git, make and Python 3.13 (`python3`, or name it: make test PYTHON=python3.13); all else is set up here.

PYTHON ?= python3
TOOLS := .tools
UV := $(TOOLS)/uv/bin/uv
UV_VERSION := 0.13.9
SAM := $(TOOLS)/sam/bin/sam
RUN := .venv/bin/python -m
EXPORT := --quiet --frozen --no-default-groups --no-emit-project --no-header
SEEDS ?= 10000

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

# The deployed system.

.PHONY: build
build: setup ## Build what is deployed, into .aws-sam/build
	$(RUN) sandbox.build

.PHONY: validate
validate: $(TOOLS)/sam/.ready ## Check template.yaml with SAM's and CloudFormation's rules
	PATH="$(CURDIR)/$(TOOLS)/sam/bin:$$PATH" AWS_DEFAULT_REGION=eu-north-1 $(SAM) validate --lint

.PHONY: requirements
requirements: $(UV) ## Export the dependencies layer's requirements from uv.lock
	$(UV) export $(EXPORT) -o layers/dependencies/requirements.txt

# The system on this machine.

.PHONY: demo
demo: setup ## Run the main job end to end and show each step
	$(RUN) sandbox.demo

.PHONY: sandbox
sandbox: setup ## Leave the whole system running; SANDBOX="--port 8080 ..." passes options
	$(RUN) sandbox $(SANDBOX)

# The checks.

.PHONY: test
test: setup ## Run the whole test suite; TESTS="-k claim tests/unit" chooses
	$(RUN) pytest -n 2 --dist loadgroup $(TESTS)

.PHONY: soak
soak: .venv/.ready ## Run the simulation for long; SEEDS=10000
	$(RUN) tests.simulation.soak --seeds $(SEEDS)

.PHONY: lint
lint: .venv/.ready ## Lint, check the format and the imports
	$(RUN) ruff check
	$(RUN) ruff format --check
	.venv/bin/lint-imports --no-cache

.PHONY: types
types: .venv/.ready ## Check the types, strictly
	$(RUN) mypy

.PHONY: drift
drift: $(UV) ## Check that uv.lock and the exported requirements are what pyproject.toml says
	$(UV) lock --check --quiet
	$(UV) export $(EXPORT) | diff - layers/dependencies/requirements.txt

.PHONY: check
check: lint types drift validate test demo ## Everything CI does

.PHONY: clean
clean: ## Remove everything that was built or installed here
	rm -rf .venv $(TOOLS) .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
