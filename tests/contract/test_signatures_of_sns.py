"""The check of SNS's signature in docs/receiving-results.md, run as it stands."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

from tests.support.doc_examples import example

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

MESSAGE = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": "arn:aws:sns:eu-north-1:123456789012:topic",
    "Message": '{"id":"b1.1"}',
    "Timestamp": "2025-02-27T12:05:00.000Z",
    "SigningCertURL": "https://sns.eu-north-1.amazonaws.com/key.pem",
}
#: What SNS signs of it (AWS's documentation, "Verifying the signatures of Amazon SNS messages").
SIGNED = (
    'Message\n{"id":"b1.1"}\nMessageId\nm-1\nTimestamp\n2025-02-27T12:05:00.000Z\n'
    "TopicArn\narn:aws:sns:eu-north-1:123456789012:topic\nType\nNotification\n"
)


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    dated = builder.not_valid_before(datetime(2025, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2035, 1, 1, tzinfo=UTC))
    return dated.serial_number(1).sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(version: str) -> dict[str, Any]:
    algorithm = {"1": hashes.SHA1, "2": hashes.SHA256}[version]()
    signature = KEY.sign(SIGNED.encode(), PKCS1v15(), algorithm)
    return MESSAGE | {"SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}


@pytest.fixture(scope="module")
def check() -> Any:  # noqa: ANN401 (a function of the documentation)
    found: dict[str, Any] = {}
    exec(example("receiving-results.md", "python", "cryptography"), found)  # noqa: S102 (our own page)
    return found["is_signed_by"]


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_message_of_sns_passes(check: Any, version: str) -> None:  # noqa: ANN401 (as above)
    assert check(certificate(), signed(version))


@pytest.mark.parametrize(
    "changes", [{"Message": '{"id":"b1.2"}'}, {"SignatureVersion": "3"}, {"Subject": "new"}, {"Signature": "AAAA"}]
)
def test_a_message_of_somebody_else_does_not(check: Any, changes: dict[str, str]) -> None:  # noqa: ANN401 (as above)
    assert not check(certificate(), signed("2") | changes)
