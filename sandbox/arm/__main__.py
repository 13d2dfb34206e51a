"""The simulator alone: prints one JSON line when it is ready, ends on SIGTERM."""

import json
import signal
from argparse import ArgumentParser, Namespace
from secrets import token_urlsafe

from sandbox.arm.server import ArmServer

_ENDINGS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    """Run until a signal ends it."""
    options = _options()
    # Blocked before any thread starts, so that the signal waits for sigwait and no thread is cut short.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    with ArmServer(
        options.client_id, options.client_secret, options.port, options.control_port, options.contract
    ) as server:
        print(json.dumps(_ready(server, options)), flush=True)
        signal.sigwait(_ENDINGS)


def _ready(server: ArmServer, options: Namespace) -> dict[str, str]:
    return {
        "armBaseUrl": server.base_url,
        "armTokenUrl": server.token_url,
        "controlUrl": server.control_url,
        "clientId": options.client_id,
        "clientSecret": options.client_secret,
    }


def _options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m sandbox.arm",
        description="A simulator of Amili's ARM on loopback ports.",
        epilog="Example: python -m sandbox.arm --port 9000 --client-id me --client-secret mine",
    )
    parser.add_argument("--port", type=int, default=0, help="ARM and its identity service (default: any free port)")
    parser.add_argument("--control-port", type=int, default=0, help="ledger, faults, settings (default: any free port)")
    parser.add_argument("--client-id", default="arm-relay", help="what the token endpoint takes (default: %(default)s)")
    parser.add_argument(
        "--client-secret", default=token_urlsafe(), help="likewise (default: a new one, see the output)"
    )
    parser.add_argument("--contract", metavar="NAME", help="word results by this contract (docs/arm-contract.md)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
