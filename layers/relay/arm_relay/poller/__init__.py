"""The poller function: `polling` is one run, `stream` takes what is due through it, `next_step` takes one further.

`shards` are what a run has leased and has in hand, `feed` lets clients take turns, `tempo` says how many may wait to be
announced, `age` how old a batch is. `reconciliation` asks ARM's ledger where ARM's result does not say enough,
`control` decides whether its silence proves anything, `crediting` whether a credit note still waits for its invoice.
`announcing` announces every end and hold and keeps what it said, `notifications` makes and publishes the messages, with
the words of `attention` for mail, `concurrency` makes several calls at a time. What a run does with the time left:
`bulk_redrives` goes on with what operators started, `trimming` takes out what has been kept for long enough,
`snapshots` counts and stores each day, `health_check` checks whether the relay can do its work, with the
`contradictions` among its parameters.
"""
