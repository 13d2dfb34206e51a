"""Finds the contracts that ship with the relay: `contracts/*.json`."""

import json
import re
from pathlib import Path
from typing import Any, Final

from arm_relay.arm.contract import Contract, WrongContract, merged
from arm_relay.arm.json_objects import json_object_and_doubt

FOLDER: Final = Path(__file__).parent / "contracts"

#: What a contract may be called.
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

#: How many contracts may extend each other.
LONGEST_CHAIN: Final = 5


def names() -> list[str]:
    """The names of all contracts that ship."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def load(name: str) -> Contract:
    """The contract of this name.

    Raises:
        WrongContract: there is none, or it is wrong; with every fault and its place.
    """
    return of_document(read(name), name)


def read(name: str) -> dict[str, Any]:
    """The JSON document of this name, as it stands in its file.

    Raises:
        WrongContract: there is no such file, or it holds something else.
    """
    if not NAME.fullmatch(name):
        raise WrongContract(name, ["a name has small letters, digits and hyphens"])
    try:
        text = (FOLDER / f"{name}.json").read_text("utf-8")
    except OSError:
        raise WrongContract(name, [f"there is none of this name; there are {', '.join(names())}"]) from None
    return parsed(text, name)


def parsed(text: str, name: str) -> dict[str, Any]:
    """The document in a file's text.

    Raises:
        WrongContract: it is not a JSON object, or has a key twice.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongContract(name, [f"it is not JSON: {error}"]) from None
    found, is_in_doubt = json_object_and_doubt(text)
    if found is None or is_in_doubt:
        raise WrongContract(name, ["it is not a JSON object, or has a key twice"])
    return found


def of_document(document: object, name: str) -> Contract:
    """The contract in a document, complete or one that extends another.

    Raises:
        WrongContract: with every fault and its place.
    """
    return Contract.of(complete(document, name), name)


def complete(document: object, name: str) -> object:
    """A document laid over all that it extends.

    Raises:
        WrongContract: what it extends is wrong, or extends itself.
    """
    patches = [document]
    while isinstance(patch := patches[-1], dict) and "extends" in patch:
        if len(patches) > LONGEST_CHAIN:
            raise WrongContract(name, ["/extends leads back to itself, or through too many contracts"])
        if not isinstance(patch["extends"], str):
            raise WrongContract(name, ["/extends should be the name of a contract"])
        patches.append(read(patch["extends"]))
    whole = patches.pop()
    while patches:
        whole = merged(whole, patches.pop())
    return whole
