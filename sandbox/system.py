"""The deployed system on this machine, from template.yaml alone: starts its parts one after the other."""

import math
import os
import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NamedTuple, NoReturn
from uuid import uuid4

from sandbox.arm.server import ArmServer
from sandbox.cloud import processes
from sandbox.cloud.aws import Aws
from sandbox.cloud.build import built, host_architecture
from sandbox.cloud.credentials import CLIENT_NO, Credentials
from sandbox.cloud.logs import following
from sandbox.cloud.ministack import ministack
from sandbox.cloud.stack import Stack, deploy, fill_in_secret, subscribe_queue
from sandbox.cloud.ticker import ticking
from sandbox.desk import desk
from sandbox.errors import SandboxError
from sandbox.gateway.pages import WithPages, address_of_description
from sandbox.gateway.routes import create_routes
from sandbox.gateway.server import Gateway
from sandbox.gateway.signing import Signing
from sandbox.gateway.upstream import ExecuteApi
from sandbox.interrupts import INTERRUPTED
from sandbox.options import Options
from sandbox.progress import READY, say
from sandbox.ready import Ready, left_in
from sandbox.scratch import place


class Arm(NamedTuple):
    """Where ARM is."""

    base_url: str
    token_url: str
    #: Of the simulator only.
    control_url: str | None = None


def run(wanted: Options) -> int:
    """Start everything, print the ready line, wait for a signal, end everything; the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        with ExitStack() as running:
            # Last of all: what a signal in the middle of a start has left behind.
            running.callback(processes.kill_descendants, os.getpid())
            ready = start(wanted, running)
            if wanted.ready_file:
                running.enter_context(left_in(wanted.ready_file, ready))
            if wanted.ready_file and wanted.desk:
                say(f"the desk, a page for operators, is at {running.enter_context(desk(wanted.ready_file))}")
            say(READY)
            print(ready.to_json(), flush=True)
            _wait()
    except SandboxError as error:
        print(f"{error.output}\nsandbox: {error}".lstrip(), file=sys.stderr)
        return 1


def _wait() -> NoReturn:
    while True:
        signal.pause()


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # Cleaning up begins here; no second signal should disturb it.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    say(f"ending ({signal.Signals(number).name})")
    raise SystemExit(INTERRUPTED if number == signal.SIGINT else 0)


def start(wanted: Options, running: ExitStack) -> Ready:
    """Start one part after the other; leaving `running` ends them in reverse."""
    senders = _gateway("--port", wanted.port, running)
    operators = _gateway("--operators-port", wanted.operators_port, running)
    folder = TemporaryDirectory(prefix="arm-relay-sandbox-", dir=place(os.environ), ignore_cleanup_errors=True)
    scratch = Path(running.enter_context(folder))
    credentials = Credentials.new()

    with built() as build:
        arm = _arm(wanted, credentials, running)
        say("starting a local AWS (MiniStack)")
        aws = running.enter_context(ministack(scratch))
        say("deploying the template (sam deploy)")
        stack = deploy(aws, build, _parameters(wanted, arm), scratch)
    fill_in_secret(aws, stack, credentials)
    results_queue_url = subscribe_queue(aws, stack.topic_arn)

    operators_api = _api(aws, "OperatorsApi", stack.operators_api_id)
    signing = Signing(
        operators_api,
        client_no=CLIENT_NO,
        signing_secret=credentials.signing_secret,
        now=lambda: datetime.now(UTC),
        new_id=lambda: str(uuid4()),
    )
    senders.open(WithPages(_api(aws, "Api", stack.api_id), signing))
    operators.open(operators_api)
    say(f"the API is described at {address_of_description(senders.url)}")
    _start_helpers(wanted, aws, stack, running)
    return Ready(
        webhook_url=f"{senders.url}/v1/clients/{CLIENT_NO}/orders",
        operators_url=operators.url,
        client_no=CLIENT_NO,
        signing_secret=credentials.signing_secret,
        aws_endpoint_url=aws.endpoint_url,
        table_name=stack.table_name,
        topic_arn=stack.topic_arn,
        secret_arn=stack.secret_arn,
        webhook_log_group_name=stack.webhook_log_group,
        results_queue_url=results_queue_url,
        arm_base_url=arm.base_url,
        **_for_the_probe(arm, credentials),
        arm_control_url=arm.control_url,
    )


def _for_the_probe(arm: Arm, credentials: Credentials) -> dict[str, str]:
    """Where and as whom the simulator can be called; an ARM outside has credentials of its own."""
    if not arm.control_url:
        return {}
    return {
        "arm_token_url": arm.token_url,
        "arm_client_id": credentials.arm_client_id,
        "arm_client_secret": credentials.arm_client_secret,
    }


def _gateway(option: str, port: int, running: ExitStack) -> Gateway:
    gateway = Gateway(port, option)
    running.callback(gateway.close)
    return gateway


def _api(aws: Aws, name: str, api_id: str) -> ExecuteApi:
    """An API of the template, with its routes."""
    return ExecuteApi(aws.endpoint_url, api_id, create_routes(aws, name, api_id))


def _arm(wanted: Options, credentials: Credentials, running: ExitStack) -> Arm:
    if wanted.arm_base_url and wanted.arm_token_url:
        return Arm(wanted.arm_base_url, wanted.arm_token_url)
    # The contract that tells the relay how to read tells the simulator how to speak.
    named = wanted.parameters.get("ArmContract", "default")
    contract = None if named == "default" else named
    server = running.enter_context(
        ArmServer(credentials.arm_client_id, credentials.arm_client_secret, contract=contract)
    )
    say(f"a simulator plays ARM at {server.base_url}")
    return Arm(server.base_url, server.token_url, server.control_url)


def _parameters(wanted: Options, arm: Arm) -> dict[str, str]:
    """The template's own values, but for where ARM is, and for what the person asked for."""
    parameters = {"ArmBaseUrl": arm.base_url, "ArmTokenUrl": arm.token_url, "Architecture": host_architecture()}
    # MiniStack's CloudFormation does not know the type.
    parameters["SavedQueries"] = "false"
    if wanted.poll_every:
        # Results should come as fast as the poller is called, not as late as the template's first poll.
        parameters["FirstPollSeconds"] = str(min(30, math.ceil(wanted.poll_every) + 1))
    return parameters | wanted.parameters


def _start_helpers(wanted: Options, aws: Aws, stack: Stack, running: ExitStack) -> None:
    if wanted.verbose:
        running.enter_context(following(aws.endpoint_url))
    if wanted.poll_every:
        running.enter_context(ticking(aws, stack.poller_function, wanted.poll_every))
