"""AWS Signature Version 4 for the operator routes, with the sandbox's one key.

A caller signs the gateway's address, because it knows no other. So the gateway checks that signature and replaces it
by one for MiniStack's address.
"""

import re
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.cloud.aws import ACCESS_KEY, REGION, SECRET_KEY
from sandbox.gateway.messages import Request

_SERVICE = "execute-api"
_CLOCK_SKEW = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<credential>[^, ]+), *SignedHeaders=(?P<headers>[^, ]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


def is_valid(request: Request, now: datetime) -> bool:
    """Whether the request is signed by the sandbox's key, for this service and region, within five minutes."""
    authorization = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    timestamp = request.headers.get("x-amz-date", "")
    if authorization is None or not _is_recent(timestamp, now):
        return False
    if authorization["credential"] != f"{ACCESS_KEY}/{timestamp[:8]}/{REGION}/{_SERVICE}/aws4_request":
        return False
    expected = _expected(request, authorization["headers"].split(";"), timestamp)
    return compare_digest(expected, authorization["signature"])


def signature(method: str, url: str, body: bytes) -> dict[str, str]:
    """The headers that sign a request of our own: its date and its authorization."""
    request = AWSRequest(method=method, url=url, data=body)
    _auth().add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def _is_recent(timestamp: str, now: datetime) -> bool:
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - signed_at) <= _CLOCK_SKEW


def _expected(request: Request, signed: list[str], timestamp: str) -> str:
    url = f"http://{request.headers.get('host', '')}{request.target}"
    headers = {name: request.headers.get(name, "") for name in signed}
    to_sign = AWSRequest(method=request.method, url=url, headers=headers, data=request.body)
    to_sign.context["timestamp"] = timestamp
    auth = _auth()
    expected: str = auth.signature(auth.string_to_sign(to_sign, auth.canonical_request(to_sign)), to_sign)
    return expected


def _auth() -> SigV4Auth:
    return SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), _SERVICE, REGION)
