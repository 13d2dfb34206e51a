"""What the relay sends beside its answers, as its code sends it: metrics, and the attributes of messages."""

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, Final, cast

from arm_relay.observability import UNITS, LambdaJournal, Metric
from arm_relay.poller.notifications import Message
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics

_NAMESPACE: Final = "Namespace"


class _Measured(EphemeralMetrics):
    """Metrics that nothing else in this process sees, in the form of Powertools' own."""

    @property
    def provider(self) -> "_Measured":
        """Itself."""
        return self


def signals() -> dict[str, Any]:
    """The dimensions and the unit of each metric, and the data type of each attribute of a message."""
    return {"metrics": _metrics(), "messageAttributes": _attributes()}


def _metrics() -> dict[str, Any]:
    measured = _Measured(namespace=_NAMESPACE, service="service")
    printed = StringIO()
    with redirect_stdout(printed):
        journal = LambdaJournal(Logger(service="release", stream=StringIO()), cast("Metrics", measured))
        for metric in Metric:
            if metric in UNITS:
                journal.measured(metric, 1)
            else:
                journal.count(metric)
        together = measured.serialize_metric_set()
        measured.clear_metrics()
        journal.rejected("a-problem", 400, None)
    lines = [together, *(json.loads(line) for line in printed.getvalue().splitlines())]
    found: dict[str, Any] = {}
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                entry = found.setdefault(metric["Name"], {"unit": metric["Unit"], "dimensions": []})
                entry["dimensions"] += [sorted(names) for names in directive["Dimensions"]]
    return dict(sorted(found.items()))


def _attributes() -> dict[str, str]:
    message = Message(id="1", batch_id="1", client_no="1", type="type", status="ENDED", text="{}")
    attributes = message.entry("1")["MessageAttributes"]
    return {name: attribute["DataType"] for name, attribute in sorted(attributes.items())}
