"""The only place that builds clients and puts the use cases together, once per Lambda environment.

Each function has a module, so that it loads nothing of the others: `webhook`, `operators`, `poller`. Its `build` makes
what is real, from the environment; its `assemble` puts the use cases together, for tests and the simulation, too.

`clients` makes what every function calls, with `botocore_loader`; `ledger` makes ARM, for the functions that call it,
`drafts` makes what maps orders, for the functions that read them, `redrives` the bulk redrives, for the two that know
of them.
"""
