"""The floor: the relay's three network calls with botocore and httpx, everything in them prepared. No work is done.

It verifies, reads, computes and logs nothing, and holds a token already: below this nothing that makes these calls with
these libraries can get. With FETCHES_SECRET_AND_TOKEN it makes the two calls of a fresh environment as well.
"""

import json
import os
from itertools import count

import botocore.config
import botocore.session
import httpx

ARM = os.environ["ARM_BASE_URL"] + "/clients/2218/documents/batches"
TABLE = os.environ["TABLE_NAME"]

_numbers = count()
_session = botocore.session.get_session()
_config = botocore.config.Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"})
_dynamodb = _session.create_client("dynamodb", config=_config)
_http = httpx.Client(trust_env=False)
_token = "t" * 800

#: As large as the relay's for the sample order.
_payload = b"x" * 1750
_record = b"z" * 450


def _batch(number, state):
    return {
        "pk": {"S": f"BATCH#{number}"},
        "version": {"N": "1"},
        "clientNo": {"S": "2218"},
        "state": {"S": state},
        "cause": {"S": "accepted"},
        "claimedAt": {"S": "2025-02-27T12:00:00.000000Z"},
        "openedAt": {"S": "2025-02-27T12:00:00.000000Z"},
        "attempt": {"N": "1"},
        "attemptAt": {"S": "2025-02-27T12:00:00.000000Z"},
        "polls": {"N": "0"},
        "announcements": {"N": "0"},
        "body": {"B": _record},
        "shard": {"S": "1"},
        "due": {"S": "2025-02-27T12:00:30.000000Z"},
    }


def _marker(number):
    return {
        "pk": {"S": f"ORDER#2218#evt-{number}"},
        "batchId": {"S": str(number)},
        "digest": {"S": "d" * 64},
        "expiresAt": {"N": "1772193600"},
    }


def _fetch_secret_and_token():
    secret = _session.create_client("secretsmanager", config=_config).get_secret_value(
        SecretId=os.environ["SECRET_ARN"]
    )
    arm = json.loads(secret["SecretString"])["arm"]
    form = {
        "grant_type": "client_credentials",
        "client_id": arm["clientId"],
        "client_secret": arm["clientSecret"],
    }
    return _http.post(os.environ["ARM_TOKEN_URL"], data=form).json()["access_token"]


if os.environ.get("FETCHES_SECRET_AND_TOKEN"):
    _token = _fetch_secret_and_token()


def handler(event, context):
    number = next(_numbers)
    is_new = "attribute_not_exists(pk)"
    items = [_batch(number, "CLAIMED"), _marker(number)]
    _dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": is_new}} for item in items],
        ClientRequestToken=str(number),
    )
    headers = {"Authorization": f"Bearer {_token}", "Content-Type": "application/json"}
    _http.post(ARM, content=_payload, headers=headers).raise_for_status()
    _dynamodb.put_item(
        TableName=TABLE,
        Item=_batch(number, "PENDING"),
        ConditionExpression="version = :version",
        ExpressionAttributeValues={":version": {"N": "1"}},
    )
    return {"statusCode": 202, "body": "{}"}
