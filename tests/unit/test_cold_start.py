import gc
from collections.abc import Iterator

import pytest
from arm_relay import cold_start


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_while_a_lambda_environment_starts_no_garbage_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "webhook")

    cold_start.begin()
    assert not gc.isenabled()

    cold_start.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_anywhere_else_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)

    cold_start.begin()
    cold_start.end()

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
