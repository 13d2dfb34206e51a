"""What DynamoDB holds: `records` makes and reads each kind of item, `compression` makes it small, `table` stores it.

`bulk` saves many batches in one request. `days` finds what happened when, a `walk` goes through it, and `day_counts`
counts it. Two single items stand beside them: `liveness` is what runs of the poller know of each other, `outage` what
both functions know of an outage of ARM.
"""
