"""What goes wrong, how often: drawn anew for every seed, so that some runs are calm and some are wild."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Final

from sandbox.arm.faults import ABORTS_AFTER, ABORTS_BEFORE, TOKEN_GARBAGE, Fault

#: Answers of ARM's to a submission that refuse it, or say that ARM has not read it.
REFUSALS: Final = (400, 401, 403, 404, 408, 409, 413, 422, 429)
#: Answers that leave open what ARM has done.
TROUBLES: Final = (500, 502, 503, 504)

#: Where a call outside may fail: before its effect, after it, with the effect coming later, or by a retry of botocore's
#: that meets its own effect.
WAYS: Final = ("before", "after", "later", "retried")


@dataclass(frozen=True, slots=True)
class Rates:
    """How likely what is, per call outside."""

    arm: float
    dynamodb: float
    sns: float
    crash: float

    @classmethod
    def drawn(cls, random: Random) -> "Rates":
        """One seed in five has hardly any faults, one in five has very many."""
        scale = random.choice((0.01, 0.3, 1.0, 1.0, 3.0))
        return cls(arm=0.15 * scale, dynamodb=0.03 * scale, sns=0.15 * scale, crash=0.012 * scale)


class ArmFaults:
    """Faults for the simulated ARM, until `stop`."""

    def __init__(self, random: Random, rate: float, counts: Counter[str]) -> None:
        self._random = random
        self._rate = rate
        self._counts = counts
        self._gives_way = False
        self._down_since: float | None = None
        self._stood_still = 0.0

    def stop(self, now: float) -> None:
        """From now on everything works."""
        self._rate = 0.0
        self.come_back(now)

    def go_down(self, now: float) -> None:
        """ARM stands still: it answers nobody, and works off nothing."""
        self._down_since = now if self._down_since is None else self._down_since

    def give_way(self) -> None:
        """ARM still takes what it is sent, but its answers are lost."""
        self._gives_way = True

    def come_back(self, now: float) -> None:
        """ARM goes on with what it has taken."""
        self._gives_way = False
        if self._down_since is not None:
            self._stood_still += now - self._down_since
            self._down_since = None

    def worked(self, now: float) -> float:
        """How long ARM has not been standing still, in seconds."""
        return (now if self._down_since is None else self._down_since) - self._stood_still

    def take(self, endpoint: str) -> Fault | None:
        """What the next call to this endpoint meets."""
        if self._down_since is not None:
            return self._counted(Fault("any", "refuse"))
        if self._gives_way and endpoint == "submit":
            return self._counted(Fault("submit", "drop-after"))
        # The ledger is asked less often than the others.
        if self._random.random() >= self._rate * (2 if endpoint == "document" else 1):
            return None
        return self._counted(self._token() if endpoint == "token" else self._call(endpoint))

    def _counted(self, fault: Fault) -> Fault:
        self._counts[f"ARM {fault.kind}"] += 1
        return fault

    def _token(self) -> Fault:
        lie = Fault("token", "token-garbage", parameters={"variant": self._random.choice(list(TOKEN_GARBAGE))})
        return self._random.choice((lie, self._lost(), self._status(), self._slow()))

    def _call(self, endpoint: str) -> Fault:
        random = self._random
        lies = ["not-json", "not-object", "redirect", "bad-encoding", "token-expired"]
        if endpoint == "submit":
            lies += ["no-uuid", "ok-200"]
        broken = Fault(endpoint, random.choice(["error-500-before", "error-500-after", *lies]))
        huge = Fault(endpoint, "huge", parameters={"megabytes": 1})
        kinds = (broken, broken, self._lost(), self._lost(), self._lost(), self._status(), self._slow(), huge)
        return random.choice(kinds)

    def _lost(self) -> Fault:
        return Fault("any", self._random.choice(ABORTS_BEFORE + ABORTS_AFTER))

    def _slow(self) -> Fault:
        return Fault("any", "slow", parameters={"seconds": self._random.uniform(0.5, 20)})

    def _status(self) -> Fault:
        status = self._random.choice(REFUSALS + TROUBLES)
        parameters: dict[str, object] = {"status": status}
        if status in TROUBLES:
            parameters["taken"] = self._random.random() < 1 / 2
        if status in (429, 503):
            parameters["retryAfter"] = self._random.choice(("", "1", "120", "999999", "Wed, 21 Oct 2026 07:28:00 GMT"))
        return Fault("any", "status", parameters=parameters)
