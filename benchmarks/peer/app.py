"""The peer: the webhook's job written the usual way, with FastAPI, Mangum, requests and boto3's resources.

It checks the same signature and the same fields, claims with the same transaction, makes the same call and records its
outcome. What the relay does besides (faults with pointers, replays, metrics) it leaves out.
"""

import json
import logging
import os
import time
import uuid
import zlib
from datetime import UTC, datetime, timedelta

import boto3
import requests
from botocore.exceptions import ClientError
from documents import to_payload
from fastapi import Depends, FastAPI, HTTPException, Request
from mangum import Mangum
from orders import Order, Orders
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

logger = logging.getLogger()
logger.setLevel(logging.INFO)

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
secrets = boto3.client("secretsmanager")
http = requests.Session()
app = FastAPI()

_secret = {}
_token = {"until": 0.0}


def secret():
    if _secret.get("until", 0) < time.monotonic():
        text = secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])["SecretString"]
        _secret.update(json.loads(text), until=time.monotonic() + 300)
    return _secret


def token():
    if _token["until"] < time.monotonic():
        arm = secret()["arm"]
        form = {
            "grant_type": "client_credentials",
            "client_id": arm["clientId"],
            "client_secret": arm["clientSecret"],
        }
        answer = http.post(os.environ["ARM_TOKEN_URL"], data=form, timeout=5)
        answer.raise_for_status()
        found = answer.json()
        _token.update(value=found["access_token"], until=time.monotonic() + found["expires_in"] - 60)
    return _token["value"]


async def signed(client_no: str, request: Request) -> None:
    client = secret()["clients"].get(client_no)
    if client is None:
        raise HTTPException(404, "unknown client")
    body = await request.body()
    for signing_secret in client["signingSecrets"]:
        try:
            Webhook(signing_secret).verify(body, dict(request.headers), json_parse=False)
        except WebhookVerificationError:
            continue
        return
    raise HTTPException(401, "bad signature")


@app.post("/v1/clients/{client_no}/orders", status_code=202, dependencies=[Depends(signed)])
def accept_orders(client_no: str, body: Orders):
    orders = [body] if isinstance(body, Order) else body
    batch = claimed(client_no, orders)
    answer = http.post(
        f"{os.environ['ARM_BASE_URL']}/clients/{client_no}/documents/batches",
        data=zlib.decompress(batch["payload"]),
        headers={"Authorization": f"Bearer {token()}", "Content-Type": "application/json"},
        timeout=10,
    )
    answer.raise_for_status()
    batch |= {"state": "PENDING", "version": 2, "batchUuid": answer.json()["batchUuid"], "answer": answer.text}
    table.put_item(Item=batch, ConditionExpression="version = :version", ExpressionAttributeValues={":version": 1})
    logger.info(json.dumps({"message": "batch moved", "batchId": batch["pk"], "state": batch["state"]}))
    lines = [{"id": order.id, "orderId": order.order_id, "status": "IN_PROGRESS"} for order in orders]
    return {"batchId": batch["pk"], "status": batch["state"], "batchUuid": batch["batchUuid"], "orders": lines}


def claimed(client_no, orders):
    now = datetime.now(UTC)
    batch_id = str(uuid.uuid4())
    batch = {
        "pk": f"BATCH#{batch_id}",
        "version": 1,
        "clientNo": client_no,
        "state": "CLAIMED",
        "cause": "accepted",
        "claimedAt": now.isoformat(),
        "openedAt": now.isoformat(),
        "attempt": 1,
        "attemptAt": now.isoformat(),
        "polls": 0,
        "announcements": 0,
        "orders": json.dumps(
            [{"id": order.id, "orderId": order.order_id, "documentNo": order.invoice_no} for order in orders]
        ),
        "history": json.dumps([{"state": "CLAIMED", "at": now.isoformat()}]),
        "payload": zlib.compress(json.dumps(to_payload(orders), default=float).encode()),
        "shard": str(zlib.crc32(batch_id.encode()) % 8),
        "due": (now + timedelta(seconds=30)).isoformat(),
    }
    markers = [
        {
            "pk": f"ORDER#{client_no}#{order.id}",
            "batchId": batch_id,
            "digest": order.digest,
            "expiresAt": int((now + timedelta(days=403)).timestamp()),
        }
        for order in orders
    ]
    puts = [
        {"Put": {"TableName": table.name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
        for item in [batch, *markers]
    ]
    try:
        table.meta.client.transact_write_items(TransactItems=puts, ClientRequestToken=batch_id)
    except ClientError as error:
        raise HTTPException(409, "sent before") from error
    logger.info(json.dumps({"message": "batch moved", "batchId": batch["pk"], "state": batch["state"]}))
    return batch


handler = Mangum(app, lifespan="off")
