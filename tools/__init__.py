"""What is made from the code and committed, and the programs that make it. Nothing of this is deployed.

- `openapi` makes `functions/webhook/openapi.json`; `examples` are the examples in it.
- `schemas` makes `docs/schemas/orders.schema.json` from the models.
- `dashboard` makes `docs/dashboard.svg` from a run of the sandbox.
- `adoption` writes what CloudFormation needs to take existing tables over into a new stack.
- `environment_file` and `pipeline_parameters` check what `make deploy` and `deploy/deploy.sh` are given, with
  `stack_parameters`; `template` reads template.yaml.
- `unpack` fetches one package from the npm registry, checks it and unpacks it, for the Makefile.
"""
