"""Each test changes one thing in template.yaml as it is now."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.support.template import template
from tools.release.stack_breaks import of_template
from tools.release.stack_contract import of_template as contract


def found(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """What breaks where the change is made."""
    new = deepcopy(template())
    change(new)
    assert new != template()
    return [f"{each.subject}: {each.what}" for each in of_template(contract(template()), contract(new))]


def resource(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda new: new["Resources"][name]


def renamed(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda new: new["Resources"].update(Other=new["Resources"].pop(name))


@pytest.mark.parametrize(
    "name", ["Table", "AnnouncedTable", "Topic", "Secret", "Key", "Api", "WebhookRole", "PollerFunction"]
)
def test_what_lasts_breaks_under_another_logical_id(name: str) -> None:
    assert found(renamed(name)) == [f"{name}: the resource is gone"]


def test_another_logical_id_of_what_holds_nothing_breaks_nothing() -> None:
    assert found(renamed("Dashboard")) == []


def route(new: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = resource("WebhookFunction")(new)["Properties"]["Events"]["Results"]["Properties"]
    return properties


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            lambda new: route(new).update(Path="/v1/other"),
            "WebhookFunction: route POST /v1/clients/{clientNo}/results was",
        ),
        (lambda new: route(new).update(Auth={"Authorizer": "NONE"}), "WebhookFunction: route POST /v1/clients"),
        (lambda new: resource("OperatorsApi")(new)["Properties"].pop("Auth"), "OperatorsApi: Auth was"),
        (lambda new: new["Globals"]["Function"].update(AutoPublishAlias="now"), "AutoPublishAlias: it was live"),
        (
            lambda new: resource("PollerDeadLetterQueue")(new)["Properties"].update(MessageRetentionPeriod=60),
            "PollerDeadLetterQueue: MessageRetentionPeriod was",
        ),
        (
            lambda new: resource("AttentionSubscription")(new)["Properties"].update(FilterPolicy={"status": ["HELD"]}),
            "AttentionSubscription: FilterPolicy was",
        ),
    ],
    ids=range(6),
)
def test_what_outsiders_call_and_get_breaks_where_it_changes(
    change: Callable[[dict[str, Any]], object], what: str
) -> None:
    (broken,) = found(change)

    assert broken.startswith(what)


def test_a_route_more_breaks_nothing() -> None:
    more = {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "Api"}, "Method": "GET", "Path": "/v2"}}

    assert found(lambda new: resource("WebhookFunction")(new)["Properties"]["Events"].update(More=more)) == []


@pytest.mark.parametrize("key", ["DeletionPolicy", "UpdateReplacePolicy"])
@pytest.mark.parametrize("name", ["Table", "AnnouncedTable", "Secret", "Key"])
def test_what_is_retained_no_more_breaks(name: str, key: str) -> None:
    before = template()["Resources"][name][key]

    assert found(lambda new: resource(name)(new).pop(key)) == [f"{name}: {key} was {before}, and is not there"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda table: table["KeySchema"][0].update(AttributeName="id"), "KeySchema was"),
        (lambda table: table["AttributeDefinitions"][0].update(AttributeType="N"), "attribute pk was S, and is N"),
        (lambda table: table["GlobalSecondaryIndexes"].pop(0), "index due was"),
        (lambda table: table["GlobalSecondaryIndexes"][3]["KeySchema"].pop(), "index day was"),
        (lambda table: table.update(TableName="orders"), "TableName was not there, and is orders"),
        (lambda table: table.pop("DeletionProtectionEnabled"), "DeletionProtectionEnabled was True"),
    ],
    ids=range(6),
)
def test_a_table_breaks_by_what_replaces_or_endangers_it(change: Callable[[dict[str, Any]], object], what: str) -> None:
    (broken,) = found(lambda new: change(resource("Table")(new)["Properties"]))

    assert broken.startswith(f"Table: {what}")


def test_an_index_more_breaks_nothing() -> None:
    def change(new: dict[str, Any]) -> None:
        properties = resource("Table")(new)["Properties"]
        properties["AttributeDefinitions"].append({"AttributeName": "colour", "AttributeType": "S"})
        index = {"IndexName": "colour", "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}]}
        properties["GlobalSecondaryIndexes"].append({**index, "Projection": {"ProjectionType": "ALL"}})

    assert found(change) == []


def test_another_type_and_another_condition_break() -> None:
    assert found(lambda new: resource("Topic")(new).update(Type="AWS::SQS::Queue")) == [
        "Topic: Type was AWS::SNS::Topic, and is AWS::SQS::Queue"
    ]
    assert found(lambda new: resource("Topic")(new).update(Condition="HasOwnKey")) == [
        "Topic: Condition was not there, and is HasOwnKey"
    ]


def test_another_value_and_another_condition_of_an_output_break() -> None:
    assert found(lambda new: new["Outputs"]["ApiId"].update(Value="x")) == ["ApiId: Value was {'Ref': 'Api'}, and is x"]
    assert found(lambda new: new["Outputs"]["ApiId"].update(Condition="HasDomain")) == [
        "ApiId: Condition was not there, and is HasDomain"
    ]
    assert found(lambda new: new["Outputs"]["ApiId"].update(Description="Another")) == []


def test_a_condition_that_decides_otherwise_about_what_is_depended_on_breaks() -> None:
    (broken,) = found(lambda new: new["Conditions"].update(HasKeyArn={"Fn::Equals": ["a", "b"]}))

    assert broken.startswith("HasKeyArn: the condition was")
    assert found(lambda new: new["Conditions"].update(IsTraced={"Fn::Equals": ["a", "b"]})) == []


def test_another_name_of_an_alarm_breaks() -> None:
    (broken,) = found(lambda new: resource("HeldBatchesAlarm")(new)["Properties"].update(AlarmName="Held"))

    assert broken.startswith("HeldBatchesAlarm: it was ")


@pytest.mark.parametrize("name", ["POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"])
def test_another_namespace_and_another_value_of_the_dimension_break(name: str) -> None:
    def change(new: dict[str, Any]) -> None:
        new["Globals"]["Function"]["Environment"]["Variables"][name] = "Other"

    (broken,) = found(change)

    assert broken.startswith(f"{name}: it was ")


def test_a_new_or_changed_rule_breaks_and_a_rule_less_does_not() -> None:
    assertion = {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}, "AssertDescription": "no"}]}

    assert found(lambda new: new["Rules"].update(Colour=assertion)) == [
        "Colour: the rule is new: it may refuse what was deployed"
    ]
    assert found(lambda new: new["Rules"].update(DomainAndCertificate=assertion)) == [
        "DomainAndCertificate: the rule has changed"
    ]
    assert found(lambda new: new["Rules"].pop("DomainAndCertificate")) == []
