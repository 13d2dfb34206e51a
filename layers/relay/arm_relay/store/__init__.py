"""What DynamoDB holds: `records` makes and reads each kind of item, `compression` makes it small, `table` stores it.

`bulk` saves many batches in one request, `lists` reads many. `days` finds what happened when, a `walk` goes through it,
and `day_counts` counts it. Beside them stand `redrives`, the bulk redrives, and two single items: `liveness` is what
runs of the poller know of each other, `outage` what both functions know of an outage of ARM. `announced` is a table of
its own: what was announced, word for word.
"""
