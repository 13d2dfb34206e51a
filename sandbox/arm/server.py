"""The simulator over real HTTP on two loopback ports: ARM with its identity service, and control."""

from datetime import UTC, datetime
from os import urandom
from secrets import token_urlsafe
from threading import Lock
from types import TracebackType
from typing import Self

from sandbox.arm.api import API_PATH, ArmApi
from sandbox.arm.contracts import named
from sandbox.arm.control import Control
from sandbox.arm.faults import Faults
from sandbox.arm.ledger import Ledger, short_uuid
from sandbox.arm.listener import Listener
from sandbox.arm.messages import Answer, Request, Response
from sandbox.arm.settings import Settings


class ArmServer:
    """Listens from entering to leaving the `with` block; the ports are taken at once, so the URLs are known before.

    Faults and settings are changed through the control port (see `client`), never from another thread.
    """

    def __init__(
        self, client_id: str, client_secret: str, port: int = 0, control_port: int = 0, contract: str | None = None
    ) -> None:
        """`contract` names the contract by which results are worded."""
        settings, faults = Settings(contract=named(contract) if contract else None), Faults()
        ledger = Ledger(_now, lambda: short_uuid(urandom(16)), settings)
        self._api = ArmApi(ledger, faults, settings, client_id, client_secret, _now, token_urlsafe)
        self._control = Control(self._api, ledger, faults, settings)
        self._faults = faults
        #: One call at a time meets the simulator; waiting and sending happen outside.
        self._turn = Lock()
        #: Kept apart, because closing the door waits for calls that wait for their turn.
        self._door = Lock()
        self._arm = Listener(self._answer, port)
        self._control_listener = self._second_listener(control_port)
        self._api.base_url = self.base_url = self._arm.url + API_PATH
        self.token_url = f"{self._arm.url}/token"
        self.control_url = self._control_listener.url

    def __enter__(self) -> Self:
        self._arm.listen()
        self._control_listener.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._control_listener.stop()
        self._arm.stop()

    def _second_listener(self, port: int) -> Listener:
        try:
            return Listener(self._answer_control, port)
        except OSError:
            self._arm.stop()
            raise

    def _answer(self, request: Request) -> Answer:
        with self._turn:
            return self._api.handle(request)

    def _answer_control(self, request: Request) -> Response:
        with self._turn:
            response = self._control.handle(request)
        with self._door:
            if self._faults.refusing():
                self._arm.refuse()
            else:
                self._arm.listen()
        return response


def _now() -> datetime:
    return datetime.now(UTC)
