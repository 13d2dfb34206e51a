"""The poller function: `polling` finds what is due, `next_step` takes each batch a step further.

`reconciliation` asks ARM's ledger where ARM's result does not say enough, `notifications` announces every end and hold,
`concurrency` makes several calls at a time.
"""
