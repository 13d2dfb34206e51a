# The door to everything. `make help` prints itself from the ## comments.
# Needs git, make and any Python 3 (from 3.8 on); all else is set up here, Python 3.13 too where the machine has none.

# The first Python that can set up the rest; name another one like this: make test PYTHON=/usr/bin/python3.
PYTHON ?= $(shell for python in python3.13 python3 /usr/bin/python3 python; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && { echo $$python; exit; }; \
	done; echo python3)
ORDERS ?= $(wildcard events/orders/*.json)
ENVIRONMENT ?= staging
SEEDS ?= 1000
TIMED ?= 300
TOOLS := .tools
UV_VERSION := 0.13.9
PYTHON_VERSION := 3.13
UV = UV_PYTHON="$$(cat $(TOOLS)/python)" $(TOOLS)/uv/bin/uv
SAM := $(TOOLS)/sam/bin/sam
RUN := .venv/bin/python -m
EXPORT := --quiet --frozen --no-default-groups --no-emit-project --no-header

export SAM_CLI_TELEMETRY := 0
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@echo 'The stars are for the first hour: the whole system at work, its tests, and the system to play with.'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' \
		'{star = sub(/^\* /, "", $$2) ? "*" : " "; printf "%s make %-14s %s\n", star, $$1, $$2}'

# Environments: one for the project, one each for SAM CLI, MiniStack and Checkov. Each is rebuilt when uv.lock changes.

# uv, and in $(TOOLS)/python the path of the Python that it uses.
$(TOOLS)/python:
	@command -v $(PYTHON) >/dev/null || { echo 'ARM Relay needs a Python to start with, and there is no $(PYTHON)'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 8) and "ARM Relay needs Python 3.8 or newer to start with, and $(PYTHON) is older; name another one: make $(MAKECMDGOALS) PYTHON=...")'
	@$(PYTHON) tools/bootstrap.py $(TOOLS) $(UV_VERSION) $(PYTHON_VERSION)

.venv/.ready: $(TOOLS)/python pyproject.toml uv.lock
	@echo 'installing the project (uv sync)'
	@$(UV) sync --quiet --frozen --group dev --extra desk
	@touch $@

$(TOOLS)/%/.ready: $(TOOLS)/python uv.lock
	@echo 'installing $* (uv sync)'
	@UV_PROJECT_ENVIRONMENT=$(TOOLS)/$* $(UV) sync --quiet --frozen --only-group $*
	@touch $@

$(TOOLS)/dynamodb-local/.ready: tools/unpack.py | .venv/.ready
	@$(RUN) tools.unpack dynamodb-local

# The page that shows the API's description. It is left out where it cannot be fetched soon.
.PHONY: page
page: .venv/.ready
	@$(RUN) tools.unpack --optional --timeout 20 swagger-ui

.PHONY: setup
setup: .venv/.ready $(TOOLS)/sam/.ready $(TOOLS)/ministack/.ready ## Install everything (the other targets do it themselves)

# The deployed system.

.PHONY: build
build: setup ## Build what is deployed, into .aws-sam/build; ARCHITECTURE=arm64 names another than this machine's
	@$(RUN) sandbox.cloud.build $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

# The folder of that build.
BUILT = $(shell .venv/bin/python -m sandbox.cloud.build --folder $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)))

.PHONY: deploy
deploy: configured build ## Build, and deploy as samconfig.<ENVIRONMENT>.toml says: make deploy ENVIRONMENT=staging
	$(SAM) deploy --config-file "$(CURDIR)/samconfig.$(ENVIRONMENT).toml" --template-file "$(CURDIR)/$(BUILT)/template.yaml" $(DEPLOY)

.PHONY: configured
configured: .venv/.ready
	@$(RUN) tools.environment_file "samconfig.$(ENVIRONMENT).toml"

.PHONY: validate
validate: $(TOOLS)/sam/.ready ## Check template.yaml with SAM's and CloudFormation's rules
	PATH="$(CURDIR)/$(TOOLS)/sam/bin:$$PATH" AWS_DEFAULT_REGION=eu-north-1 $(SAM) validate --lint

.PHONY: security
security: $(TOOLS)/checkov/.ready ## Check template.yaml for what is left open; each exception is beside what it excuses
	$(TOOLS)/checkov/bin/checkov -f template.yaml --framework cloudformation --skip-download --compact --quiet

.PHONY: requirements
requirements: $(TOOLS)/python ## Export the dependencies layer's requirements from uv.lock
	$(UV) export $(EXPORT) -o layers/dependencies/requirements.txt

.PHONY: openapi
openapi: setup ## Write functions/webhook/openapi.json from the code
	$(RUN) tools.openapi

.PHONY: schemas
schemas: setup ## Write docs/schemas/orders.schema.json from the models
	$(RUN) tools.schemas

.PHONY: reference
reference: schemas openapi ## Write all that is generated from the code: both of these, the tables in docs/
	$(RUN) tools.field_page
	$(RUN) tools.route_table
	$(RUN) tools.contract_page

# A release. docs/releasing.md has the steps.

.PHONY: release
release: setup ## Write the release into dist/: zips that `sam deploy` takes, checksums, bill of materials, notes
	@$(RUN) tools.release

.PHONY: release-twice
release-twice: setup ## Make the release here and in a copy elsewhere, both from the start, and compare every byte; TRY=--try tries what is not released
	@$(RUN) tools.release.twice $(TRY)

.PHONY: release-gate
release-gate: .venv/.ready ## Check that CHANGELOG.md says all that breaks against the last release
	@$(RUN) tools.release.gate

# The system on this machine.

.PHONY: demo
demo: setup ## * Run the main job end to end and show each step
	@$(RUN) sandbox demo

.PHONY: sandbox
sandbox: setup page ## * Leave the whole system running; SANDBOX="--port 8080 ..." passes options
	@$(RUN) sandbox --ready .aws-sam/ready.json --desk $(SANDBOX)

.PHONY: pictures
pictures: setup ## Take the pictures of the desk for the docs, in a sandbox with Chromium
	$(RUN) tools.pictures

.PHONY: send
send: setup ## Sign and post orders to that system, from another terminal; ORDERS="a.json b.json" names others than the samples
	@$(RUN) sandbox send $(ORDERS)

.PHONY: results
results: setup ## Take the next notifications of that system out of its queue and show them; COUNT=2 waits for two
	@$(RUN) sandbox results --count $(or $(COUNT),1)

# The checks.

# The tests that need a program which is missing are skipped, and say so at the end.
MISSING = $(foreach program,java npm node curl openssl chromium,$(if $(shell command -v $(program)),,$(program)))

.PHONY: test
test: about-tests setup page $(TOOLS)/awscli/.ready $(TOOLS)/workflows/.ready $(if $(shell command -v java && command -v npm),$(TOOLS)/dynamodb-local/.ready) ## * Run the whole test suite; TESTS="-k claim tests/unit" chooses
	@$(RUN) pytest -n 2 --dist loadgroup $(TESTS)

.PHONY: about-tests
about-tests:
	@$(if $(TESTS),:,echo 'The whole test suite takes about a quarter of an hour on two processors; make test TESTS=tests/unit takes three minutes.')
	@echo 'The first run fetches, into .tools: SAM CLI, MiniStack, the AWS CLI; with npm DynamoDB Local and Swagger UI.'
	@$(if $(strip $(MISSING)),echo 'Tests are skipped that need what is not on the PATH: $(strip $(MISSING)).',:)

.PHONY: soak
soak: .venv/.ready ## Run the simulation for very many seeds, and its large scenarios in full: make soak SEEDS=10000 TIMED=300
	$(RUN) tests.simulation.soak --seeds $(SEEDS)
	$(RUN) tests.simulation.soak --timed $(TIMED)
	$(RUN) pytest -m full tests/simulation/timed

.PHONY: rehearsals
rehearsals: setup $(TOOLS)/awscli/.ready ## Restore, roll back and rotate in the sandbox while orders flow; EARLIER=dist/arm-relay-0.1.0-x86_64.zip rolls back to it
	$(RUN) pytest -m rehearsal -rA tests/rehearsals $(TESTS)

.PHONY: nightly
nightly: ## What takes too long for every change: the soak with 10,000 seeds, the large scenarios, the comparison, many examples, every permission and each ledger, killed pollers, the account, rehearsals, a release twice
	$(MAKE) soak SEEDS=10000 TIMED=300
	$(MAKE) comparison
	EXAMPLES=100 $(MAKE) test TESTS="tests/unit tests/contract tests/end_to_end/test_the_api_description.py"
	$(MAKE) test TESTS="-m nightly"
	$(MAKE) upgraded
	$(MAKE) rehearsals
	$(MAKE) release-twice TRY=--try

.PHONY: bench
bench: setup $(TOOLS)/bench/.ready $(TOOLS)/dynamodb-local/.ready ## Measure against a floor and a peer, write docs/performance.md (needs Java)
	$(RUN) benchmarks

.PHONY: comparison
comparison: .venv/.ready $(TOOLS)/bench/.ready ## Play one schedule of faults to usual designs and the relay, write docs/comparison.md
	$(RUN) tests.simulation.comparison

.PHONY: lint
lint: .venv/.ready ## Lint, check the format and the imports
	$(RUN) ruff check
	$(RUN) ruff format --check
	.venv/bin/lint-imports --no-cache

.PHONY: types
types: .venv/.ready ## Check the types, strictly
	$(RUN) mypy

# Lambda chooses the version of botocore, so the newest one is tried, which uv.lock does not name yet.
.PHONY: newest
newest: $(TOOLS)/python ## Check that the functions build their clients in the fast way with the newest botocore
	PYTHONPATH=layers/relay $(UV) run --quiet --isolated --no-project --exclude-newer "$$(date -u +%FT%TZ)" \
		--with botocore --with-requirements layers/dependencies/requirements.txt python -m tools.newest_botocore

.PHONY: audit
audit: .venv/.ready ## Check what is known against the locked dependencies; AUDIT=--required fails where that cannot be known
	@$(RUN) tools.dependencies.audit $(AUDIT)

# A copy, so that uv.lock stays as it is. What fails with the newest versions is a warning: nothing is deployed with them.
.PHONY: upgraded
upgraded: $(TOOLS)/python ## Run the unit tests with the newest version of every dependency; a failure is a warning
	@sh tools/dependencies/upgraded.sh "$$(cat $(TOOLS)/python)" || echo 'WARNING: the unit tests fail with the newest versions, see above'

.PHONY: workflows
workflows: $(TOOLS)/workflows/.ready ## Check the pipeline in deploy/github
	$(TOOLS)/workflows/bin/check-jsonschema --builtin-schema vendor.github-workflows deploy/github/*.yml
	$(TOOLS)/workflows/bin/zizmor --offline --quiet deploy/github/*.yml

.PHONY: drift
drift: $(TOOLS)/python ## Check that uv.lock and the exported requirements are what pyproject.toml says
	$(UV) lock --check --quiet
	$(UV) export $(EXPORT) | diff - layers/dependencies/requirements.txt

.PHONY: check
check: lint types drift audit newest validate security workflows release-gate test demo ## Everything CI does

.PHONY: clean
clean: ## Remove everything that was built or installed here
	rm -rf .venv $(TOOLS) .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
