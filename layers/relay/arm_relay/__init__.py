"""ARM Relay: order events in, ARM document batches out, every end announced.

The way of an order, by folder; each folder's docstring names its modules:

1. `webhook/` admits a sender's request and takes its `orders/`, which are read and checked there.
2. `arm/` makes ARM's documents of them, and talks to ARM.
3. `submission.py` sends a batch to ARM; the webhook does it first, the poller whenever it has to be repeated.
4. `batches/` is what the relay keeps: a batch, its states, steps and causes. `store/` is how DynamoDB holds it.
5. `poller/` finds what is due, takes each batch a step further, and announces every end.
6. `operators/` is what operators ask and do. `redriving.py` carries out what they want of a batch; the poller does the
   same with a bulk redrive.

Around it: `api/` is what the functions behind API Gateway share, `bootstrap/` builds everything, `settings.py` reads
the environment, `secrets.py` the secret, with the clients' `signing_keys.py`, `observability.py` reports,
`health.py` says whether all is well, `comparison.py` compares values as ARM does, `json_notation.py` writes numbers and
places as JSON does, `cold_start.py` makes a start cheap.
"""

from arm_relay import cold_start

cold_start.begin()
