import ast
import random
from pathlib import Path

import arm_relay
from arm_relay.bootstrap import clients

PACKAGE = Path(arm_relay.__file__).parent


def test_environments_restored_from_one_snapshot_draw_different_numbers() -> None:
    drawn = []
    for _ in range(2):
        # What a snapshot holds of Python's own generator.
        random.seed(1)
        drawn.append([clients.random() for _ in range(8)])

    assert drawn[0] != drawn[1]
    assert all(0 <= number < 1 for numbers in drawn for number in numbers)


def test_nothing_else_of_the_relay_draws_numbers() -> None:
    drawing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "random")
        or (isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names))
    }

    assert drawing == {"bootstrap/clients.py"}
