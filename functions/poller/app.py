"""Schedule -> relay: one run of the poller, within this function's time."""

import os
from functools import cache
from typing import Any

from arm_relay.bootstrap import poller
from arm_relay.poller.polling import Polling
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@cache
def polling() -> Polling:
    """The use case, built at the first use."""
    return poller.build(os.environ, logger, metrics)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(_: dict[str, Any], context: LambdaContext) -> None:
    """Lambda's entry point."""
    logger.set_correlation_id(context.aws_request_id)
    polling().run(context.aws_request_id, lambda: context.get_remaining_time_in_millis() / 1000)


# In Lambda the clients are built while the environment starts, where a processor is lent for it.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    polling()
