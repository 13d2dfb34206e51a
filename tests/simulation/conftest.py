import pytest
from arm_relay.arm import breaker
from arm_relay.poller import control


@pytest.fixture(autouse=True)
def _locks_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation gives these modules locks of its own; the tests after it get theirs back."""
    for module in (breaker, control):
        monkeypatch.setattr(module, "Lock", module.Lock)
