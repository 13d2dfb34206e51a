"""The matcher of IAM policies that the tests use."""

from typing import Any, Final

import pytest

from tests.support.iam import allows

STATEMENT: Final[dict[str, Any]] = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bucket/*"}


@pytest.mark.parametrize(
    ("action", "resource", "is_allowed"),
    [
        ("s3:GetObject", "arn:aws:s3:::bucket/a/b", True),
        ("S3:getobject", "arn:aws:s3:::bucket/", True),
        ("s3:PutObject", "arn:aws:s3:::bucket/a", False),
        ("s3:GetObject", "arn:aws:s3:::Bucket/a", False),
        ("s3:GetObject", "arn:aws:s3:::bucket", False),
    ],
)
def test_a_star_stands_for_any_characters(action: str, resource: str, *, is_allowed: bool) -> None:
    assert allows([STATEMENT], action, resource) == is_allowed


@pytest.mark.parametrize(
    ("operator", "given", "holds"),
    [
        ("StringEquals", {"k": "a"}, True),
        ("StringEquals", {"k": "b"}, False),
        ("StringEquals", {}, False),
        ("StringEqualsIfExists", {}, True),
        ("StringEqualsIfExists", {"k": "b"}, False),
        ("StringLike", {"k": "a"}, True),
        ("StringLike", {}, False),
        ("ArnLike", {"k": "a"}, True),
        ("ArnLike", {}, False),
        ("ForAnyValue:StringEquals", {}, False),
        ("ForAnyValue:StringEquals", {"k": "a"}, True),
    ],
)
def test_a_condition_must_hold(operator: str, given: dict[str, str], *, holds: bool) -> None:
    conditional = {**STATEMENT, "Condition": {operator: {"k": ["a"]}}}

    assert allows([conditional], "s3:GetObject", "arn:aws:s3:::bucket/a", **given) == holds


@pytest.mark.parametrize(
    ("denied", "is_allowed"),
    [({"Action": "s3:*"}, False), ({"Action": "s3:Put*"}, True), ({"Condition": {"StringEquals": {"k": "a"}}}, True)],
)
def test_a_statement_that_denies_is_stronger_than_one_that_allows(denied: dict[str, Any], *, is_allowed: bool) -> None:
    denies = STATEMENT | {"Effect": "Deny"} | denied

    assert allows([denies, STATEMENT], "s3:GetObject", "arn:aws:s3:::bucket/a") == is_allowed


@pytest.mark.parametrize(
    "strange", [{"Effect": "Perhaps"}, {"NotAction": "s3:*"}, {"Condition": {"Bool": {"k": "true"}}}]
)
def test_what_the_matcher_does_not_understand_is_an_error(strange: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not understood"):
        allows([STATEMENT | strange], "s3:GetObject", "arn:aws:s3:::bucket/a")
