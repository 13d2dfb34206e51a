"""The whole system on one machine, for trying it and for the tests. Nothing of this is deployed.

The sandbox knows `template.yaml` and HTTP; it imports nothing of the relay.

- `__main__` and `commands` read the first word of the command line.
- `system` starts the parts one after the other; `options` reads its command line, `ready` is what it prints.
- `desk` starts the operators' page, as a program of its own.
- `demo`, `send` and `results` are the other commands; `client` starts a sandbox and ends it,
  `tables` writes small tables.
- `cloud` builds the template and deploys it into MiniStack, the sandbox's AWS.
- `gateway` is API Gateway: HTTP in front of the deployed functions.
- `arm` is a simulator of ARM.
- `environment`, `errors`, `interrupts`, `paths` and `progress` are what these share.
"""
