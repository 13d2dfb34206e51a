"""ARM Relay: order events in, ARM document batches out, every end announced.

The way of one order, and the modules it meets:

1. webhook: `requests.py` reads the API Gateway event, `door.py` lets it in by `signatures.py` and `secrets.py`,
   `parsing.py` reads the order events in it by `json_bodies.py` and the models of `orders.py`, their faults told as
   `faults.py` in the words of `wording.py`; `intake.py` claims them, `receipts.py` says what became of each.
2. map: `mapping.py` makes ARM's `arm/documents.py` of them, its sums by `money.py`.
3. submit: `submission.py` sends the batch by `arm/client.py`, whose tokens come from `arm/auth.py` and whose exchanges
   from `arm/wire.py`; `arm/gauge.py` measures each call; what a failure means stands in `arm/errors.py`.
4. record: `batches.py` knows the states and every allowed step, `records.py` writes a batch down, `compression.py`
   makes that small, `store.py` talks to DynamoDB.
5. poll: `polling.py` finds what is due, `look.py` takes each batch a step further: `arm/outcomes.py` reads ARM's
   result, `reconciliation.py` asks the ledger about what ARM does not tell, `arm/breaker.py` notices that ARM is down.
6. publish: `notifications.py` announces every end.

Around it: `answers.py` and `problems.py` are what the webhook answers, `inquiries.py` is what operators ask and
`redrive.py` what they do, `concurrency.py` makes several calls at a time, `settings.py` reads the environment,
`bootstrap/clients.py`, `bootstrap/webhook.py` and
`bootstrap/poller.py` put everything together, `observability.py` tells of it.
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # Whatever is imported and built while an environment starts stays for good. Looking for garbage in it meanwhile
    # finds none and takes time; `bootstrap/clients.py` turns the collector on again.
    gc.disable()
