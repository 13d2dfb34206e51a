"""ARM's contracts, for tests."""

from typing import Any, Final

from arm_relay.arm import contract_files
from arm_relay.arm.contract import Contract

DEFAULT: Final = contract_files.load("default")


def with_lines(**lines: Any) -> Contract:  # noqa: ANN401 (any JSON value)
    """The default contract with some of its lines changed."""
    return contract_files.of_document({"extends": "default", **lines}, "changed")
