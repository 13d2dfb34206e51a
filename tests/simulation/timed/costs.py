"""What each call costs: the processor's time by measurement, and how long its answer takes.

The processor's times are of a whole processor. They add up to 2.7 ms for a batch that ends; `make bench` measures
2.4 to 3.3 ms (docs/performance.md).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

#: Lambda gives a function of 1,769 MB one processor, and others their share of it.
WHOLE_PROCESSOR_MB: Final = 1769
#: The template's PollerMemory and WebhookMemory.
MEMORY_MB: Final = 512

#: ARM's call, and the relay's own work on a batch.
ARM_CALL: Final = 0.0010
OWN_WORK: Final = 0.0008

#: Measured over DynamoDB Local: what the calls for single items cost.
GET_ITEM: Final = 0.00117
PUT_ITEM: Final = 0.00181
#: Measured over DynamoDB Local: BatchGetItem costs 0.08 ms an item where a hundred are read at once. The first costs
#: what GetItem does.
READ_ANOTHER: Final = 0.00007
#: Measured over DynamoDB Local: BatchExecuteStatement costs 0.14 ms an item where 25 are written at once.
WRITE_ANOTHER: Final = 0.00007
#: botocore's parsing of one more item of an index that has keys only, measured without a network.
FIND_ANOTHER: Final = 0.00003
#: botocore without a network: Publish costs 2.3 times what GetItem does, and each further message 0.12 ms.
PUBLISH: Final = 0.0027
PUBLISH_ANOTHER: Final = 0.00012

#: How long AWS and ARM take to answer, in seconds, where the scenario says nothing else.
DYNAMODB_LATENCY: Final = 0.005
SNS_LATENCY: Final = 0.02
ARM_LATENCY: Final = 0.05


def share(memory: float) -> float:
    """The part of a processor that a function with this memory gets, in MB."""
    return min(memory / WHOLE_PROCESSOR_MB, 1.0)


def aws_call(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """The processor's time of a call to AWS, in seconds of a whole processor."""
    first, another, many = CALLS.get(operation, (PUT_ITEM, 0.0, _one))
    return first + another * many(request, answer)


def _one(_: Mapping[str, Any], __: Mapping[str, Any]) -> int:
    return 1


def _read(_: Mapping[str, Any], answer: Mapping[str, Any]) -> int:
    return sum(len(items) for items in answer["Responses"].values())


#: What a call costs, what each of its items costs besides, and how many these are. A record that is read means work.
CALLS: Final[Mapping[str, tuple[float, float, Callable[[Mapping[str, Any], Mapping[str, Any]], int]]]] = {
    "get_item": (GET_ITEM, OWN_WORK, _one),
    "batch_get_item": (GET_ITEM, READ_ANOTHER + OWN_WORK, _read),
    "query": (GET_ITEM, FIND_ANOTHER, lambda _, answer: len(answer.get("Items", ()))),
    "batch_execute_statement": (PUT_ITEM, WRITE_ANOTHER, lambda request, _: len(request["Statements"])),
    # Not measured: taken to cost what BatchExecuteStatement does.
    "batch_write_item": (PUT_ITEM, WRITE_ANOTHER, lambda request, _: sum(map(len, request["RequestItems"].values()))),
    "transact_write_items": (PUT_ITEM, WRITE_ANOTHER, lambda request, _: len(request["TransactItems"])),
    "publish": (PUBLISH, 0.0, _one),
    "publish_batch": (PUBLISH, PUBLISH_ANOTHER, lambda request, _: len(request["PublishBatchRequestEntries"])),
}
