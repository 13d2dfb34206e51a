"""The sandbox's AWS, and what is deployed into it.

1. `sam` runs SAM CLI; `build` builds the template with it, `template` reads and changes the template's text.
2. `ministack` runs MiniStack, which plays AWS; `aws` holds the clients for it, `credentials` the secrets of one run.
3. `stack` deploys the build and fills in what a deployer fills in.
4. `ticker` invokes the poller more often than the schedule; `logs` reads what the functions logged.
5. `processes` starts programs and ends them with everything they started.
"""
