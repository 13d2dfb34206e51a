"""What deployers, and whoever reads a stack, depend on in template.yaml. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

type Template = Mapping[str, Any]

#: Of a parameter: what says which values it takes, and which it has.
_OF_PARAMETERS: Final = (
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinValue",
    "MaxValue",
    "MinLength",
    "MaxLength",
)
_OF_OUTPUTS: Final = ("Condition", "Value", "Export")
#: The resources that hold something, or whose identity somebody outside the stack knows: an API's is in senders' URLs,
#: a topic's in subscriptions, a function's and a role's in policies. CloudFormation replaces one whose logical id
#: changes.
_LASTING: Final = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Logs::QueryDefinition",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::Serverless::Function",
        "AWS::Serverless::HttpApi",
    }
)
_OF_RESOURCES: Final = ("Type", "Condition", "DeletionPolicy", "UpdateReplacePolicy")
#: Of a resource's properties: what CloudFormation replaces it for, and what keeps its content.
_OF_PROPERTIES: Final = (
    "TableName",
    "KeySchema",
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "DeletionProtectionEnabled",
    "TopicName",
    "FifoTopic",
    "QueueName",
    "FifoQueue",
    "Name",
    "KeySpec",
    "KeyUsage",
    "MultiRegion",
    "MessageRetentionPeriod",
    "FilterPolicy",
    "FilterPolicyScope",
    "Auth",
)
_ALARM: Final = "AWS::CloudWatch::Alarm"


def of_template(template: Template) -> dict[str, Any]:
    """What is depended on, as `template.json` of a release keeps it."""
    resources = template["Resources"]
    outputs = {name: _some(output, _OF_OUTPUTS) for name, output in template["Outputs"].items()}
    lasting = {name: _lasting(each) for name, each in resources.items() if each["Type"] in _LASTING}
    return {
        "parameters": {name: _some(each, _OF_PARAMETERS) for name, each in template["Parameters"].items()},
        "rules": template.get("Rules", {}),
        "conditions": _conditions(template.get("Conditions", {}), [outputs, lasting]),
        "outputs": outputs,
        "resources": lasting,
        "alarms": {name: each["Properties"]["AlarmName"] for name, each in resources.items() if each["Type"] == _ALARM},
        "environment": {
            name: template["Globals"]["Function"]["Environment"]["Variables"][name]
            for name in ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME")
        },
        # Policies and schedules name it.
        "functions": _some(template["Globals"]["Function"], ("AutoPublishAlias",)),
    }


def _lasting(resource: Mapping[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties", {})
    kept = _some(resource, _OF_RESOURCES) | _some(properties, _OF_PROPERTIES)
    # A route, an index or an attribute more breaks nothing: so each stands alone.
    for each in properties.get("Events", {}).values():
        if each["Type"] == "HttpApi":
            route = each["Properties"]
            kept[f"route {route['Method']} {route['Path']}"] = _some(route, ("ApiId", "Auth"))
    for each in properties.get("AttributeDefinitions", ()):
        kept[f"attribute {each['AttributeName']}"] = each["AttributeType"]
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for each in properties.get(kind, ()):
            kept[f"index {each['IndexName']}"] = {"Of": kind, **_some(each, ("KeySchema", "Projection"))}
    return kept


def _conditions(conditions: Mapping[str, Any], users: list[Any]) -> dict[str, Any]:
    """The conditions that decide about these, and those that decide about them."""
    found: dict[str, Any] = {}
    waiting = list(_names(users))
    while waiting:
        name = waiting.pop()
        if name in conditions and name not in found:
            found[name] = conditions[name]
            waiting += _names(conditions[name])
    return dict(sorted(found.items()))


def _names(value: Any) -> Iterator[str]:  # noqa: ANN401 (any JSON)
    """What `Condition` and `Fn::If` name."""
    if isinstance(value, list):
        for each in value:
            yield from _names(each)
    elif isinstance(value, dict):
        if isinstance(value.get("Condition"), str):
            yield value["Condition"]
        if isinstance(value.get("Fn::If"), list):
            yield value["Fn::If"][0]
        for each in value.values():
            yield from _names(each)


def _some(content: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: content[name] for name in names if name in content}
