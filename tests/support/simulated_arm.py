"""The relay's client of ARM over a simulated one, under the simulator's clock."""

from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.credentials import Credentials
from arm_relay.arm.wire import Wire

from sandbox.arm.transport import SimulatedTransport
from tests.support.contracts import DEFAULT

BASE_URL = "https://arm.example/arm/v1"


def arm_client(transport: SimulatedTransport, base_url: str = BASE_URL) -> ArmClient:
    def clock() -> float:
        return transport.api.now().timestamp()

    wire = Wire(transport, clock)
    tokens = Tokens(wire, "https://arm.example/token", lambda: Credentials("my-integration", "s3cr3t"), clock)
    return ArmClient(wire, tokens, base_url, DEFAULT.turned)
