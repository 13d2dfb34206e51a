from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from arm_relay.signing_keys import SigningKey
from arm_relay.webhook.signatures import BadSignature, read
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

KEY = b"a" * 24
OTHER = b"b" * 24
BODY = '{"customerNo":"ÆØÅ"}'.encode()
NOW = datetime(2025, 2, 27, 12, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)


def signed(body: bytes = BODY, key: bytes = KEY, age: float = 0, msg_id: str = "msg-1") -> dict[str, str]:
    """The headers of a request signed by the library itself, so many seconds ago."""
    at = int(NOW.timestamp() - age)
    signature = Webhook(key).sign(msg_id, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": msg_id, "webhook-timestamp": str(at), "webhook-signature": signature}


def check(headers: Mapping[str, str], keys: Sequence[bytes] = (KEY,), body: bytes = BODY) -> None:
    read(headers, NOW, TOLERANCE).by(signing_keys(keys), body, tries=1)


def signing_keys(keys: Sequence[bytes]) -> list[SigningKey]:
    return [SigningKey(position, key) for position, key in enumerate(keys, start=1)]


def reason(headers: Mapping[str, str], body: bytes = BODY) -> str:
    with pytest.raises(BadSignature) as error:
        check(headers, body=body)
    assert str(error.value) == error.value.reason
    return error.value.reason


def test_the_standards_own_example_signature() -> None:
    # The example of the Standard Webhooks libraries, whose time is long over: its signature is right all the same.
    example = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)

    assert example.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("body", [BODY, b"", b"not json", b'{"a":1}\n'], ids=["json", "empty", "text", "newline"])
def test_a_signed_body_is_accepted(body: bytes) -> None:
    check(signed(body), body=body)


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_clocks_may_differ_by_the_tolerance(age: float) -> None:
    check(signed(age=age))


@pytest.mark.parametrize(
    ("age", "why"),
    [(301, "too old"), (-301, "too far in the future"), (1e9, "too old"), (-1e9, "too far in the future")],
)
def test_a_signature_does_not_last(age: float, why: str) -> None:
    assert why in reason(signed(age=age))


@pytest.mark.parametrize("seconds", [30, 3600])
def test_the_tolerance_is_the_deployers(seconds: int) -> None:
    tolerance = timedelta(seconds=seconds)

    read(signed(age=seconds - 1), NOW, tolerance).by(signing_keys([KEY]), BODY, tries=1)
    with pytest.raises(BadSignature):
        read(signed(age=seconds + 1), NOW, tolerance).by(signing_keys([KEY]), BODY, tries=1)


@pytest.mark.parametrize("keys", [[OTHER, KEY], [KEY, OTHER]])
def test_any_of_a_clients_secrets_may_sign_while_they_are_rotated(keys: list[bytes]) -> None:
    check(signed(), keys)
    check(signed(key=OTHER), keys)


@pytest.mark.parametrize(("key", "position"), [(KEY, 1), (OTHER, 2)])
def test_which_secret_signed_is_told(key: bytes, position: int) -> None:
    assert read(signed(key=key), NOW, TOLERANCE).by(signing_keys([KEY, OTHER]), BODY, tries=2).position == position


def test_a_client_without_a_secret_that_may_sign_is_told_that_its_signature_is_wrong() -> None:
    with pytest.raises(BadSignature, match="No signature matches"):
        check(signed(), keys=[])


def test_a_sender_may_sign_with_its_old_and_its_new_secret_at_once() -> None:
    both = signed()
    both["webhook-signature"] = f"{signed(key=OTHER)['webhook-signature']} {both['webhook-signature']}"

    check(both, [KEY])
    check(both, [OTHER])


@pytest.mark.parametrize("others", ["v1a,AAAA", "v2,", "v1,æ".encode("ascii", "ignore").decode(), ",,,", ""])
def test_signatures_of_other_kinds_are_passed_over(others: str) -> None:
    headers = signed()
    headers["webhook-signature"] = f"{others} {headers['webhook-signature']}"

    check(headers)


CHANGED: dict[str, tuple[Mapping[str, str], bytes]] = {
    "another body": (signed(), BODY + b" "),
    "another secret": (signed(key=OTHER), BODY),
    "another id": (signed() | {"webhook-id": "msg-2"}, BODY),
    "another time": (signed() | {"webhook-timestamp": str(int(NOW.timestamp()) - 100)}, BODY),
    "no signature": ({k: v for k, v in signed().items() if k != "webhook-signature"}, BODY),
    "no id": ({k: v for k, v in signed().items() if k != "webhook-id"}, BODY),
    "no time": ({k: v for k, v in signed().items() if k != "webhook-timestamp"}, BODY),
    "no headers": ({}, BODY),
    "blank signature": (signed() | {"webhook-signature": ""}, BODY),
    "no version": (signed() | {"webhook-signature": signed()["webhook-signature"][3:]}, BODY),
    "only another version": (signed() | {"webhook-signature": "v2" + signed()["webhook-signature"][2:]}, BODY),
    "too many commas": (signed() | {"webhook-signature": "v1,a,b"}, BODY),
    "not base64": (signed() | {"webhook-signature": "v1,æ"}, BODY),
    "cut base64": (signed() | {"webhook-signature": "v1,A"}, BODY),
    "a version alone": (signed() | {"webhook-signature": "v1,"}, BODY),
    "two blanks": (signed() | {"webhook-signature": "v1,AAAA  v1,AAAA"}, BODY),
    "time not a number": (signed() | {"webhook-timestamp": "soon"}, BODY),
    "time NaN": (signed() | {"webhook-timestamp": "nan"}, BODY),
    "time infinite": (signed() | {"webhook-timestamp": "inf"}, BODY),
    "time beyond the calendar": (signed() | {"webhook-timestamp": "1e300"}, BODY),
    "time below zero": (signed() | {"webhook-timestamp": "-1"}, BODY),
    "time with an exponent": (signed() | {"webhook-timestamp": "1e9"}, BODY),
    "time with decimals": (signed() | {"webhook-timestamp": signed()["webhook-timestamp"] + ".0"}, BODY),
    "time with a sign": (signed() | {"webhook-timestamp": "+" + signed()["webhook-timestamp"]}, BODY),
    "time with a leading zero": (signed() | {"webhook-timestamp": "0" + signed()["webhook-timestamp"]}, BODY),
    "time with a line break": (signed() | {"webhook-timestamp": signed()["webhook-timestamp"] + "\n"}, BODY),
    "time in other digits": (signed() | {"webhook-timestamp": "١٧٤٠٦٥٧٦٠٠"}, BODY),
    "time of ten thousand digits": (signed() | {"webhook-timestamp": "9" * 10_000}, BODY),
    "id not ASCII": (signed(msg_id="msg-æ"), BODY),
    "huge id": (signed() | {"webhook-id": "x" * 1_000_000}, BODY),
    "huge signature": (signed() | {"webhook-signature": "v1," + "A" * 1_000_000}, BODY),
    "ten thousand signatures": (signed() | {"webhook-signature": "v1,AAAA " * 10_000}, BODY),
    "signatures parted by commas": (signed() | {"webhook-signature": "v1,AAAA," + signed()["webhook-signature"]}, BODY),
    "broken base64": (signed() | {"webhook-signature": signed()["webhook-signature"][:-2] + "!="}, BODY),
    "unpadded base64": (signed() | {"webhook-signature": signed()["webhook-signature"].rstrip("=")}, BODY),
    "half a character in the signature": (signed() | {"webhook-signature": "v1,\ud800"}, BODY),
    "half a character in the id": (signed() | {"webhook-id": "\ud800"}, BODY),
    "a body that is not UTF-8": (signed(), b"\xff"),
}


@pytest.mark.parametrize(("headers", "body"), CHANGED.values(), ids=CHANGED)
def test_nothing_else_is_accepted(headers: Mapping[str, str], body: bytes) -> None:
    assert reason(headers, body)


def test_the_reason_tells_nothing_of_the_signature() -> None:
    headers = signed(key=OTHER, msg_id="msg-secret")
    why = reason(headers) + reason(headers | {"webhook-signature": "v1," + "A" * 43})

    assert headers["webhook-signature"][3:] not in why
    assert "msg-secret" not in why
    assert "AAAA" not in why


def test_without_a_key_nobody_can_sign() -> None:
    with pytest.raises(BadSignature):
        check(signed(), [])


header_text = st.text(max_size=20) | st.sampled_from(
    ["v1,", "v1, v1,", "v1a,AAAA", "0", "nan", "1_0", "²", "v1,=", ",", "1740657600", "1e9", "-1", "\ud800"]
)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), header_text))
def test_any_other_header_is_a_bad_signature_and_nothing_worse(headers: dict[str, str]) -> None:
    assert reason(headers)


@given(header_text, header_text)
def test_the_same_with_a_timestamp_that_is_right(msg_id: str, signature: str) -> None:
    assert reason(
        {"webhook-id": msg_id, "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signature}
    )


@given(st.binary())
def test_a_signature_is_of_its_body_alone(body: bytes) -> None:
    if body != BODY:
        assert reason(signed(), body)
