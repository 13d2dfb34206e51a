import json

import pytest
from arm_relay.arm.shapes import LONGEST_SHAPE, shape_of


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (
            '{"status": "OK", "count": 2, "done": true, "at": null}',
            '{"status":"text","count":"number","done":"boolean","at":"null"}',
        ),
        ('{"documents": [{"no": "A1"}, {"no": "A2"}]}', '{"documents":[{"no":"text"}]}'),
        ('{"documents": [{"no": "A1"}, {"no": 2}, "A3"]}', '{"documents":[{"no":"text"},{"no":"number"},"text"]}'),
        ('{"88776655": "FAILED", "88776656": "OK"}', '{"?":"text"}'),
        ('{"Kari Nordmann": 1, "kari@example.no": 2}', '{"?":"number"}'),
        ('{"' + "x" * 41 + '": 1}', '{"?":"number"}'),
        ("[]", "[]"),
        ('"OK"', '"text"'),
        ("", "no JSON"),
        ("<html>", "no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_shape_has_keys_and_kinds_and_no_value(body: str, shape: str) -> None:
    assert shape_of(body) == shape


def test_a_shape_is_bounded() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    body = {f"{one}{two}x": 1 for one in letters for two in letters}

    assert len(shape_of(json.dumps(body))) <= LONGEST_SHAPE + len("...")
