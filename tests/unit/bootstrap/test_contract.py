"""A function that maps orders or reads answers fails with a wrong contract when it starts, and says what is wrong."""

from collections.abc import Callable, Mapping

import pytest
from arm_relay.arm.contract import WrongContract
from arm_relay.bootstrap import poller, webhook
from aws_lambda_powertools import Logger, Metrics

from tests.support.settings import SETTINGS


@pytest.mark.parametrize("build", [webhook.build, poller.build], ids=["webhook", "poller"])
def test_a_contract_that_is_not_there_is_named_when_a_function_starts(
    build: Callable[[Mapping[str, str], Logger, Metrics], object],
) -> None:
    with pytest.raises(
        WrongContract, match="'no-such-contract' is wrong: there is none of this name; there are default"
    ):
        build({**SETTINGS, "ARM_CONTRACT": "no-such-contract"}, Logger(service="x"), Metrics(namespace="x"))
