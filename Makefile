# The door to everything. `make help` prints itself from the ## comments.
# Needs git, make and Python 3.13 (`python3`, or name it: make test PYTHON=python3.13); all else is set up here.

PYTHON ?= python3
ORDERS ?= $(wildcard events/orders/*.json)
SEEDS ?= 1000
TOOLS := .tools
UV := $(TOOLS)/uv/bin/uv
UV_VERSION := 0.13.9
SAM := $(TOOLS)/sam/bin/sam
RUN := .venv/bin/python -m
EXPORT := --quiet --frozen --no-default-groups --no-emit-project --no-header
# DynamoDB Local, and the page that shows the API's description, as they come inside npm packages; the tarballs' SHA-512.
DYNAMODB_LOCAL := amplify-dynamodb-simulator@2.9.30
DYNAMODB_LOCAL_SHA512 := c5379e44bbf311fab2779961ddb1f8734907bd21c79a6843e590ec1c5280439836665e89aa515dbad6908422c7cf1129e91cb5a3b4c1ea7888a17b9002749ec1
SWAGGER_UI := swagger-ui-dist@5.35.0
SWAGGER_UI_SHA512 := 534eaba4cb56f55dd73c638179a993512af4674f63317e0826e00da44fc465b021c341bc0a0c2bcd4e18997927fe1d3008336c5dd19aad334d1c2dec53cc9551

export SAM_CLI_TELEMETRY := 0
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# Environments: one for the project, one each for SAM CLI, MiniStack and Checkov. Each is rebuilt when uv.lock changes.

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

# Two tools come inside npm packages: $(call unpacked,package@version,SHA-512 of its tarball,folder inside it).
define unpacked
	@command -v npm >/dev/null || { echo "$(1) comes from the npm registry: install npm"; exit 1; }
	rm -rf $(@D) && mkdir -p $(@D)
	npm pack --silent --pack-destination $(@D) $(1) >/dev/null
	$(TOOLS)/uv/bin/python -c 'import hashlib, sys; data = open(sys.argv[1], "rb").read(); sys.exit(hashlib.sha512(data).hexdigest() != sys.argv[2] and f"{sys.argv[1]} is not the file it should be")' \
		$(@D)/*.tgz $(2)
	tar -xzf $(@D)/*.tgz -C $(@D) --strip-components=$(words $(subst /, ,$(3))) $(3)
	@rm $(@D)/*.tgz && touch $@
endef

$(TOOLS)/dynamodb-local/.ready: | $(UV)
	$(call unpacked,$(DYNAMODB_LOCAL),$(DYNAMODB_LOCAL_SHA512),package/emulator)

$(TOOLS)/swagger-ui/.ready: | $(UV)
	$(call unpacked,$(SWAGGER_UI),$(SWAGGER_UI_SHA512),package)

.PHONY: setup
setup: .venv/.ready $(TOOLS)/sam/.ready $(TOOLS)/ministack/.ready $(if $(shell command -v npm),$(TOOLS)/swagger-ui/.ready) ## Install everything (the other targets do it themselves)

# The deployed system.

.PHONY: build
build: setup ## Build what is deployed, into .aws-sam/build; ARCHITECTURE=arm64 names another than this machine's
	$(RUN) sandbox.cloud.build $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

.PHONY: validate
validate: $(TOOLS)/sam/.ready ## Check template.yaml with SAM's and CloudFormation's rules
	PATH="$(CURDIR)/$(TOOLS)/sam/bin:$$PATH" AWS_DEFAULT_REGION=eu-north-1 $(SAM) validate --lint

.PHONY: security
security: $(TOOLS)/checkov/.ready ## Look for what is open in template.yaml; each exception stands beside what it excuses
	$(TOOLS)/checkov/bin/checkov -f template.yaml --framework cloudformation --skip-download --compact --quiet

.PHONY: requirements
requirements: $(UV) ## Export the dependencies layer's requirements from uv.lock
	$(UV) export $(EXPORT) -o layers/dependencies/requirements.txt

.PHONY: openapi
openapi: setup ## Write functions/webhook/openapi.json from the code
	$(RUN) tools.openapi

.PHONY: schemas
schemas: setup ## Write docs/schemas/orders.schema.json from the models
	$(RUN) tools.schemas

# The system on this machine.

.PHONY: demo
demo: setup ## Run the main job end to end and show each step
	$(RUN) sandbox.demo

.PHONY: sandbox
sandbox: setup ## Leave the whole system running; SANDBOX="--port 8080 ..." passes options
	$(RUN) sandbox --ready .aws-sam/ready.json $(SANDBOX)

.PHONY: send
send: setup ## Sign and post orders to that system; ORDERS="a.json b.json" names others than the samples
	$(RUN) sandbox send $(ORDERS)

.PHONY: results
results: setup ## Show the next notifications of that system; COUNT=2 waits for two
	$(RUN) sandbox results --count $(or $(COUNT),1)

# The checks.

# Where there is no Java, DynamoDB Local would not run, and its tests say so.
.PHONY: test
test: setup $(TOOLS)/awscli/.ready $(if $(shell command -v java && command -v npm),$(TOOLS)/dynamodb-local/.ready) ## Run the whole test suite; TESTS="-k claim tests/unit" chooses
	$(RUN) pytest -n 2 --dist loadgroup $(TESTS)

.PHONY: soak
soak: .venv/.ready ## Run the simulation for very many seeds: make soak SEEDS=10000
	$(RUN) tests.simulation.soak --seeds $(SEEDS)

.PHONY: bench
bench: setup $(TOOLS)/bench/.ready $(TOOLS)/dynamodb-local/.ready ## Measure against a floor and a peer, write docs/performance.md (needs Java)
	$(RUN) benchmarks

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
check: lint types drift validate security test demo ## Everything CI does

.PHONY: clean
clean: ## Remove everything that was built or installed here
	rm -rf .venv $(TOOLS) .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
