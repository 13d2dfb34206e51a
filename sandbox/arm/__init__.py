"""A simulator of Amili's ARM and of its identity service, as far as their documentation can be read.

What a call meets, in order:

1. `messages` the values that go in and out: Request, Response, Abort. No sockets.
2. `api` the endpoints, with their checks; the whole simulator behind one call, `ArmApi.handle`.
3. `faults` the faults that can be switched on, and the queue of those that are; `behaviours` what each does to a call.
4. `ledger` the batches taken and the documents billed, with what ARM decided about each.
5. `results` every body the documentation does not show: the guesses, all of them, selectable by
6. `settings` the knobs; `speech` words a result by a contract instead, which `contracts` finds.

Two ways to reach it: `transport` puts an `ArmApi` behind an httpx client, in process and under a simulated clock;
`server` (on `listener`) puts it behind real HTTP, beside `control`, a second port to read the ledger and to
switch faults on, for which `client` is the client. `python -m sandbox.arm` runs the server alone.
"""
