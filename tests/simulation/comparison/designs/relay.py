"""The relay: its own code, put together by its own `bootstrap`, with the template's defaults."""

import json
from collections.abc import Callable
from itertools import count
from typing import Final

from arm_relay.webhook.intake import Intake, OnInvalid

from tests.simulation.comparison.schedule import Arrival, Schedule
from tests.simulation.comparison.world import ComparedWorld, body_of
from tests.simulation.timed.environment import Environment

NAME: Final = "ARM Relay"


class Design(ComparedWorld):
    """See `ComparedWorld`."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule)
        self._runs = count()

    def request(self, arrival: Arrival, answered: Callable[[], None]) -> None:
        """See `ComparedWorld`."""
        body = json.dumps([body_of(arrival)]).encode()

        def use(intake: Intake, _: Environment) -> None:
            if intake.accept(arrival.client_no, body, OnInvalid.REJECT_ALL).taken:
                answered()

        self.webhook.invoke(use)

    def every_minute(self) -> None:
        """See `ComparedWorld`."""
        owner = f"run-{next(self._runs)}"
        self.poller.invoke(lambda polling, environment: polling.run(owner, environment.remaining))

    def held(self) -> set[str]:
        """See `ComparedWorld`: those of which subscribers were told so last."""
        return {order_id for order_id, said in self.subscribers.heard.items() if not said[-1].is_end}

    def is_at_rest(self) -> bool:
        """See `ComparedWorld`."""
        return not self.watched.under_way
