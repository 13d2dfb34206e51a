"""The whole system on one machine, for trying it and for the tests. Nothing of this is deployed.

The sandbox knows `template.yaml` and HTTP; it imports nothing of the relay.

- `__main__` starts the parts one after the other; `options` reads its command line, `ready` is what it prints.
- `client` starts a sandbox from Python and ends it; `demo`, `send` and `results` use one that runs.
- `cloud` builds the template and deploys it into MiniStack, the sandbox's AWS.
- `gateway` is API Gateway: HTTP in front of the deployed functions.
- `arm` is a simulator of ARM.
- `errors`, `paths` and `progress` are what all of these share.
"""
