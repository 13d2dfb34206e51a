"""What every stand-in is given: functions with boto3's clients and an HTTP client, a queue, and a poller of batchUuids.

These are as a careful engineer sets them up. A call to ARM has a timeout. A failed order is tried again at growing
intervals and goes to a dead-letter queue in the end. What AWS recommends for a queue in front of a function is from
"Understanding SQS retries" (https://docs.aws.amazon.com/lambda/latest/operatorguide/sqs-retries.html): a visibility
timeout of six times the function's, and at least five receives. The growing intervals are those of "Timeouts, retries,
and backoff with jitter" (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import httpx
from arm_relay.arm.errors import ArmError
from botocore.exceptions import ClientError

from tests.simulation.comparison.schedule import Arrival, Schedule
from tests.simulation.comparison.world import ComparedWorld, body_of
from tests.simulation.timed import costs
from tests.simulation.timed.arm import Calls
from tests.simulation.timed.cloud import Client
from tests.simulation.timed.environment import AtOnce, Environment, seconds
from tests.simulation.timed.run import POLLER_TIMEOUTS, WEBHOOK_TIMEOUT, Function, RunJournal
from tests.simulation.timed.world import World

#: The timeout of the function that takes an order from the queue, in seconds.
WORKER_TIMEOUT: Final = 30.0
VISIBILITY_TIMEOUT: Final = 6 * WORKER_TIMEOUT
#: How often an order is tried. With the pauses below, that is more than an hour.
MOST_TRIES: Final = 10
FIRST_PAUSE: Final = 30.0
LONGEST_PAUSE: Final = 900.0
#: How many results are asked for at a time.
POLLS_AT_ONCE: Final = 16
#: How long before its end the poller stops, in seconds.
RESERVE: Final = 15.0
#: The partition of the index in which what must be polled is found.
TO_POLL: Final = "to-poll"
#: What `raise_for_status` names.
REQUEST: Final = httpx.Request("GET", "https://arm.example")
#: How long SQS takes, in seconds.
SQS_LATENCY: Final = 0.01


class InProgressError(Exception):
    """Another worker has the order in hand."""


def pause(tries: int) -> float:
    """How long to wait after so many tries."""
    return cast("float", min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE))


class Http:
    """ARM's API over HTTP, with a timeout: answers like those of httpx, and its exceptions."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def post(self, order: Mapping[str, Any]) -> httpx.Response:
        """POST clients/{clientNo}/documents/batches."""
        document = {
            "documentType": "IN",
            "documentNo": order["invoiceNo"],
            "customerNo": order["customerNo"],
            "salesOrderId": order["orderId"],
        }
        payload = json.dumps({"documents": [document]}).encode()

        def call() -> httpx.Response:
            _, answer = self._calls.submit(order["clientNo"], payload)
            return _response(answer.status, answer.body)

        return _answered(call)

    def result(self, client_no: str, batch_uuid: str) -> httpx.Response:
        """GET clients/{clientNo}/documents/batches/{batchUuid}."""

        def call() -> httpx.Response:
            answer = self._calls.result(client_no, batch_uuid)
            return _response(answer.status, answer.body)

        return _answered(call)

    def document(self, client_no: str, document_no: str) -> httpx.Response:
        """GET clients/{clientNo}/documents/{documentNo}."""

        def call() -> httpx.Response:
            found = self._calls.document(client_no, document_no)
            return _response(HTTPStatus.OK, json.dumps(found)) if found else _response(HTTPStatus.NOT_FOUND, "{}")

        return _answered(call)


def _answered(call: Callable[[], httpx.Response]) -> httpx.Response:
    try:
        return call()
    except ArmError as error:
        if error.answer:
            return _response(error.answer.status, error.answer.body)
        kind = httpx.ConnectError if "ConnectError" in error.cause else httpx.ReadTimeout
        raise kind(error.cause) from error


def _response(status: int, body: str) -> httpx.Response:
    return httpx.Response(status, text=body, request=REQUEST)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the code of a function has: clients, the clock, and its context. Built once for each environment."""

    dynamodb: Any
    sqs: Any
    sns: Any
    arm: Http
    threads: AtOnce
    environment: Environment

    def now(self) -> float:
        """What `time.time` gives."""
        return seconds(self.environment.now())

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's context has it."""
        return int(1000 * self.environment.remaining())


@dataclass(slots=True)
class Message:
    """A message in the queue."""

    body: str
    receives: int = 0
    is_deleted: bool = False
    #: The number of the latest wait until it is visible again.
    wait: int = 0

    @property
    def order(self) -> dict[str, Any]:
        """What its sender put in."""
        order: dict[str, Any] = json.loads(self.body)
        return order


class Queue:
    """An SQS queue with a function behind it, one message in an invocation, and a dead-letter queue."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.messages: list[Message] = []
        self.dead: list[Message] = []
        #: Invokes the function with a message; calls back when it ends well.
        self.invoke: Callable[[Message, Callable[[], None]], None] = lambda *_: None

    def send_message(self, *, MessageBody: str) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        """See boto3."""
        message = Message(MessageBody)
        self.messages.append(message)
        self._world.hub.at(self._world.hub.time, lambda: self._deliver(message))
        return {"MessageId": "m"}

    def change_message_visibility(self, *, ReceiptHandle: Message, VisibilityTimeout: float) -> dict[str, Any]:  # noqa: N803 (boto3's names)
        """See boto3."""
        self._hide(ReceiptHandle, VisibilityTimeout)
        return {}

    def _hide(self, message: Message, time: float) -> None:
        message.wait += 1
        wait = message.wait

        def show() -> None:
            if message.wait == wait and not message.is_deleted:
                self._deliver(message)

        self._world.hub.at(self._world.hub.time + time, show)

    def _deliver(self, message: Message) -> None:
        message.receives += 1
        if message.receives > MOST_TRIES:
            self.messages.remove(message)
            self.dead.append(message)
            return
        self._hide(message, VISIBILITY_TIMEOUT)
        self.invoke(message, lambda: self._delete(message))

    def _delete(self, message: Message) -> None:
        if not message.is_deleted:
            message.is_deleted = True
            self.messages.remove(message)


class StandIn(ComparedWorld):
    """The functions of a stand-in: one behind the API, one behind the queue, one that runs every minute."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule)
        self.queue = Queue(self)
        self.queue.invoke = self._work_on
        memory = costs.MEMORY_MB
        self._receiver = Function(self, self._tools, WEBHOOK_TIMEOUT, memory)
        self._worker = Function(self, self._tools, WORKER_TIMEOUT, memory)
        self._minutely = Function(self, self._tools, POLLER_TIMEOUTS[1], memory)

    # The code of the functions. Each design writes its own.

    def receive(self, tools: Tools, order: Mapping[str, Any]) -> None:
        """Behind the API: what returns is answered with 202. The order is safe in the queue then."""
        tools.sqs.send_message(MessageBody=json.dumps(order))

    def work(self, tools: Tools, order: Mapping[str, Any], receives: int) -> None:
        """Behind the queue: an exception means that the order comes again."""

    def scheduled(self) -> Sequence[Callable[[Tools], None]]:
        """What runs every minute, each in an invocation of its own."""
        return (poll,)

    # What the simulation needs.

    def request(self, arrival: Arrival, answered: Callable[[], None]) -> None:
        """See `ComparedWorld`."""
        order = body_of(arrival) | {"clientNo": arrival.client_no}

        def use(tools: Tools, _: Environment) -> None:
            self.receive(tools, order)
            answered()

        self._receiver.invoke(use)

    def every_minute(self) -> None:
        """See `ComparedWorld`."""
        for job in self.scheduled():
            self._minutely.invoke(lambda tools, _, job=job: job(tools))  # type: ignore[misc]

    def held(self) -> set[str]:
        """See `ComparedWorld`: what is in the dead-letter queue and has not ended all the same."""
        ended = {order_id for order_id, said in self.subscribers.heard.items() if any(each.is_end for each in said)}
        return {message.order["id"] for message in self.queue.dead} - ended

    def is_at_rest(self) -> bool:
        """See `ComparedWorld`."""
        return not self.queue.messages and not any("due" in item for item in self.table.items.values())

    def _work_on(self, message: Message, done: Callable[[], None]) -> None:
        def use(tools: Tools, _: Environment) -> None:
            try:
                self.work(tools, message.order, message.receives)
            except Exception:
                tools.sqs.change_message_visibility(ReceiptHandle=message, VisibilityTimeout=pause(message.receives))
                raise
            done()

        self._worker.invoke(use)

    def _tools(self, environment: Environment, _: World, __: RunJournal) -> Tools:
        return Tools(
            dynamodb=self.dynamodb(environment),
            sqs=Client(environment, self.queue, SQS_LATENCY, self.calls, self.table_troubles),
            sns=self.sns(environment),
            arm=Http(self.ledger(environment)),
            threads=AtOnce(environment, POLLS_AT_ONCE),
            environment=environment,
        )


def text(time: float) -> str:
    """A time that sorts as a text."""
    return f"{time:015.3f}"


def to_poll(order: Mapping[str, Any], batch_uuid: str, now: float) -> dict[str, Any]:
    """The item of an order that ARM has taken."""
    return {
        "pk": {"S": f"ORDER#{order['id']}"},
        "orderId": {"S": order["id"]},
        "clientNo": {"S": order["clientNo"]},
        "batchUuid": {"S": batch_uuid},
        "polls": {"N": "0"},
        "shard": {"S": TO_POLL},
        "due": {"S": text(now + FIRST_PAUSE)},
    }


def due(tools: Tools, partition: str) -> Sequence[Mapping[str, Any]]:
    """What is due in a partition of the index."""
    items: list[Mapping[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = tools.dynamodb.query(
            TableName="orders",
            IndexName="due",
            KeyConditionExpression="shard = :shard AND due <= :now",
            ExpressionAttributeValues={":shard": {"S": partition}, ":now": {"S": text(tools.now())}},
            **start,
        )
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def poll(tools: Tools) -> None:
    """Ask ARM for the result of every batch that is due, and tell subscribers how it ended."""

    def one(item: Mapping[str, Any]) -> None:
        if tools.environment.remaining() < RESERVE:
            return
        try:
            response = tools.arm.result(item["clientNo"]["S"], item["batchUuid"]["S"])
            response.raise_for_status()
            status = response.json()["status"]
        except httpx.HTTPError:
            status = "NOT-PROCESSED"
        if status in ("SUCCEEDED", "FAILED"):
            announce(tools, item["orderId"]["S"], status)
            finish(tools, item["orderId"]["S"], status)
        else:
            _poll_later(tools, item)

    tools.threads(one, due(tools, TO_POLL))


def announce(tools: Tools, order_id: str, status: str) -> None:
    """Tell subscribers how an order ended."""
    event = {"id": f"{order_id}.1", "subject": order_id, "data": {"orders": [{"id": order_id, "status": status}]}}
    tools.sns.publish_batch(TopicArn="topic", PublishBatchRequestEntries=[{"Id": "0", "Message": json.dumps(event)}])


def finish(tools: Tools, order_id: str, status: str) -> None:
    """Record that an order has ended and that subscribers know."""
    tools.dynamodb.update_item(
        TableName="orders",
        Key={"pk": {"S": f"ORDER#{order_id}"}},
        UpdateExpression="SET ended = :status REMOVE due",
        ExpressionAttributeValues={":status": {"S": status}},
    )


def get(tools: Tools, order_id: str) -> Mapping[str, Any] | None:
    """What is recorded of an order."""
    key = {"pk": {"S": f"ORDER#{order_id}"}}
    item: Mapping[str, Any] | None = tools.dynamodb.get_item(TableName="orders", Key=key, ConsistentRead=True).get(
        "Item"
    )
    return item


def is_in_ledger(tools: Tools, order: Mapping[str, Any]) -> bool:
    """Whether ARM's ledger has the order's document."""
    response = tools.arm.document(order["clientNo"], order["invoiceNo"])
    if response.status_code == HTTPStatus.NOT_FOUND:
        return False
    response.raise_for_status()
    return True


def lease(tools: Tools, order_id: str, time: float, known: Mapping[str, Any] | None) -> bool:
    """Take an order in hand for so many seconds, unless another worker has it; keeps what is known of it."""
    item = {**(known or {}), "pk": {"S": f"ORDER#{order_id}"}, "leasedUntil": {"S": text(tools.now() + time)}}
    condition = "attribute_not_exists(pk) OR leasedUntil < :now"
    return put_if(tools, item, condition, {":now": {"S": text(tools.now())}})


def put_if(tools: Tools, item: Mapping[str, Any], condition: str, values: Mapping[str, Any] | None = None) -> bool:
    """Write an item if a condition holds; whether it did."""
    request = {"ExpressionAttributeValues": values} if values else {}
    try:
        tools.dynamodb.put_item(TableName="orders", Item=item, ConditionExpression=condition, **request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _poll_later(tools: Tools, item: Mapping[str, Any]) -> None:
    polls = int(item["polls"]["N"]) + 1
    tools.dynamodb.update_item(
        TableName="orders",
        Key={"pk": item["pk"]},
        UpdateExpression="SET polls = :polls, due = :due",
        ExpressionAttributeValues={":polls": {"N": str(polls)}, ":due": {"S": text(tools.now() + pause(polls))}},
    )
