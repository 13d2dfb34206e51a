"""The command line of `python -m sandbox`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.cloud.template import parameter_names


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for."""

    #: Where the webhook listens; 0 takes any free port.
    port: int
    #: Where the operators' API listens; the same.
    operators_port: int
    #: Seconds between two extra ticks of the poller; None leaves it to the deployed schedule.
    poll_every: float | None
    #: Overrides of the template's parameters, as `sam deploy` would.
    parameters: dict[str, str]
    #: ARM to use instead of the simulator; both or neither.
    arm_base_url: str | None
    arm_token_url: str | None
    #: The file to write the ready line to, for `python -m sandbox send`.
    ready_file: Path | None
    #: Whether to start the desk, the operators' page, and open it in the browser.
    desk: bool
    #: Whether to repeat on standard error what the functions log.
    verbose: bool


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; what is wrong with it ends the program with a message."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if (given.arm_base_url is None) != (given.arm_token_url is None):
        parser.error("--arm-base-url and --arm-token-url belong together: give both or neither")
    given.parameters = dict(given.parameters)
    if unknown := sorted(given.parameters.keys() - parameter_names()):
        parser.error(f"template.yaml has no parameter {', '.join(unknown)}")
    if given.desk and given.ready_file is None:
        parser.error("--desk finds the sandbox by its ready line: give --ready, too")
    return Options(**vars(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Run the deployed system on this machine. Prints one JSON line when ready; ends by Ctrl-C.",
        epilog="Example: python -m sandbox --port 0 --poll-every 2. Three more commands: `demo` shows the main job, "
        "`send` posts orders to a running sandbox, `results` shows its notifications; --help after each says more.",
    )
    parser.add_argument("--port", type=_port, default=8080, help="the webhook's port, 0 for any (default: 8080)")
    parser.add_argument(
        "--operators-port", type=_port, default=0, metavar="PORT", help="the operators' port, 0 for any (default: 0)"
    )
    parser.add_argument(
        "--poll-every", type=_seconds, metavar="SECONDS", help="run the poller this often, in addition to its schedule"
    )
    parser.add_argument(
        "--parameter",
        dest="parameters",
        type=name_and_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a parameter of the template; may be repeated",
    )
    parser.add_argument("--arm-base-url", metavar="URL", help="an ARM to use instead of the built-in simulator")
    parser.add_argument("--arm-token-url", metavar="URL", help="that ARM's token URL")
    parser.add_argument(
        "--ready",
        dest="ready_file",
        type=Path,
        metavar="FILE",
        help="keep the JSON line in this file, too, while it runs",
    )
    parser.add_argument("--desk", action="store_true", help="start the desk, the operators' page; needs --ready")
    parser.add_argument("--verbose", action="store_true", help="show what the functions log")
    return parser


def _port(text: str) -> int:
    highest = 65535
    if not text.isdecimal() or int(text) > highest:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    # The comparison also refuses NaN.
    if not 0 < seconds <= 24 * 60 * 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def name_and_value(text: str) -> tuple[str, str]:
    """Read NAME=VALUE; the value may be empty."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
