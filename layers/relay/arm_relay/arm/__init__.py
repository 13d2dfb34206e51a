"""Amili's ARM: `ledger` is the port, its three calls; `client` makes them over HTTP.

What a call meets: `metered` measures it, `breaker` notices that ARM is out of reach, in a run of the
poller, and `shared_breaker` in the webhook; `client` makes it with a token
from `auth` over `wire`, `errors` says what its failure means. `credentials` is what `auth` requests a token with.
What is sent: `drafts` reads a request's orders and makes the batch, `checks` says why an order cannot be sent,
`limits` what it may come to,
`mapping` makes each document, `amounts` says what it comes to, `money` rounds and spreads VAT, `documents` has ARM's
field names.
What comes back: `contract` is all that is guessed about it, and `contract_files` finds it; `json_objects` reads a body,
`outcomes` ARM's result: `bodies` takes it apart, `words` says what its words mean, `matching` which order an entry is
about, `objections` what speaks against it, `not_understood` why a part is not understood, `shapes` what may be logged
of it.
"""
