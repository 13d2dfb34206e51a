from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.cloud.aws import ACCESS_KEY, SECRET_KEY
from sandbox.gateway.messages import Request
from sandbox.gateway.sigv4 import is_valid, signature

HOST = "127.0.0.1:8080"
TARGET = "/v1/clients/2218/batches/b%201?b=2&a=1"


def a_signed_request(
    key: str = ACCESS_KEY, secret: str = SECRET_KEY, service: str = "execute-api", region: str = "eu-north-1"
) -> Request:
    signed = AWSRequest(method="POST", url=f"http://{HOST}{TARGET}", data=b"{}", headers={"X-Own": "a  b"})
    SigV4Auth(Credentials(key, secret), service, region).add_auth(signed)
    headers = {name.lower(): value for name, value in signed.headers.items()} | {"host": HOST, "accept": "*/*"}
    return Request(method="POST", target=TARGET, headers=headers, body=b"{}")


def test_a_request_signed_with_the_sandboxs_key_is_valid() -> None:
    assert is_valid(a_signed_request(), datetime.now(UTC))


def test_our_own_signature_is_valid() -> None:
    headers = {"host": HOST} | signature("POST", f"http://{HOST}{TARGET}", b"{}")

    assert is_valid(Request(method="POST", target=TARGET, headers=headers, body=b"{}"), datetime.now(UTC))


@pytest.mark.parametrize(
    "request_",
    [
        a_signed_request(secret="wrong"),
        a_signed_request(key="another"),
        a_signed_request(service="lambda"),
        a_signed_request(region="us-east-1"),
        replace(a_signed_request(), body=b"[]"),
        replace(a_signed_request(), target="/v1/clients/2218/batches/b%202?b=2&a=1"),
        replace(a_signed_request(), method="PUT"),
        replace(a_signed_request(), headers=dict(a_signed_request().headers) | {"x-own": "c"}),
        replace(a_signed_request(), headers=dict(a_signed_request().headers) | {"x-amz-date": "yesterday"}),
        replace(a_signed_request(), headers={"host": HOST}),
        replace(a_signed_request(), headers={"host": HOST, "authorization": "Bearer token"}),
    ],
    ids=[
        "secret",
        "key",
        "service",
        "region",
        "body",
        "target",
        "method",
        "signed header",
        "date",
        "no signature",
        "another scheme",
    ],
)
def test_anything_else_is_not(request_: Request) -> None:
    assert not is_valid(request_, datetime.now(UTC))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_is_good_for_five_minutes(minutes: int) -> None:
    assert not is_valid(a_signed_request(), datetime.now(UTC) + timedelta(minutes=minutes))
