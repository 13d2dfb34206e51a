"""ARM over HTTPS. It is apart from the other clients, so that the operators' function does not load an HTTP client."""

import time
from typing import Final

import httpx

from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.contract import Contract
from arm_relay.arm.ledger import Ledger
from arm_relay.arm.metered import Metered
from arm_relay.arm.wire import Wire
from arm_relay.bootstrap import clients
from arm_relay.observability import Journal
from arm_relay.secrets import Secrets
from arm_relay.settings import Settings

#: How many documents of a batch are looked up at a time.
LOOK_UPS: Final = 4

#: How long a connection to ARM may be idle before it is not used again, in seconds. An environment that was frozen for
#: longer opens a new one: a POST over a connection that died meanwhile would be in doubt.
KEEP_ALIVE: Final = 5.0


def unmeasured(settings: Settings, contract: Contract, secrets: Secrets) -> tuple[Tokens, ArmClient]:
    """ARM and its tokens, for a caller whose questions are not the relay's work."""
    transport = httpx.HTTPTransport(
        # No proxy, certificate or password comes from the environment.
        trust_env=False,
        limits=httpx.Limits(max_connections=clients.WORKERS * LOOK_UPS, keepalive_expiry=KEEP_ALIVE),
    )
    wire = Wire(transport, time.monotonic)
    tokens = Tokens(wire, settings.arm_token_url, secrets.credentials, time.monotonic)
    return tokens, ArmClient(wire, tokens, settings.arm_base_url, contract.turned)


def ledger(settings: Settings, contract: Contract, secrets: Secrets, journal: Journal) -> Ledger:
    """ARM, its calls measured."""
    return Metered(unmeasured(settings, contract, secrets)[1], journal, time.monotonic)
