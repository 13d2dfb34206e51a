"""template.yaml is the only description of the deployed system: what else says the same has to agree with it."""

import difflib
import importlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import arm_relay
import httpx
import pytest
from arm_relay.arm.wire import ARM_TIMEOUT, TOKEN_TIMEOUT, TOTAL_TIMEOUT
from arm_relay.batches import steps
from arm_relay.batches.batch import LEASE
from arm_relay.bootstrap.clients import AWS
from arm_relay.poller import polling
from arm_relay.settings import Settings
from arm_relay.store import records
from arm_relay.store.records import SHARDS

from functions.operators import app as operators
from functions.webhook import app as webhook
from tests.support.api_gateway import ROUTES
from tests.support.builders import NOW, a_batch
from tests.support.template import template, transformed

ROOT = Path(__file__).parents[2]
PACKAGE = Path(arm_relay.__file__).parent
PARAMETERS: dict[str, dict[str, Any]] = template()["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = template()["Resources"]
VARIABLES: dict[str, dict[str, str] | str] = template()["Globals"]["Function"]["Environment"]["Variables"]

#: How long runs of the poller take, by how many may work side by side.
RUNS: dict[str, dict[str, int]] = template()["Mappings"]["Runs"]

#: What the references to resources come to.
RESOURCE_VALUES = {
    "AWS::StackName": "arm-relay",
    "Table": "table",
    "AnnouncedTable": "announced",
    "Topic": "arn:aws:sns:x:1:topic",
    "Secret": "arn:aws:secretsmanager:x:1:secret:s",
}

#: API Gateway's limit for an integration, in seconds.
INTEGRATION_TIMEOUT = 30


def properties(resource: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[resource]["Properties"]
    return found


def environment(**changes: str) -> dict[str, str]:
    """What the functions find where every parameter has its default."""
    defaults = {name: str(parameter["Default"]) for name, parameter in PARAMETERS.items()}
    values = RESOURCE_VALUES | defaults | changes
    return {name: value if isinstance(value, str) else values[value["Ref"]] for name, value in VARIABLES.items()}


def longest(timeout: httpx.Timeout) -> float:
    """From the request to the beginning of its answer, in seconds."""
    return (timeout.connect or 0) + (timeout.write or 0) + (timeout.read or 0)


# Settings and parameters.


def test_the_template_sets_every_variable_that_is_read_and_no_other() -> None:
    read = {field.alias for field in Settings.model_fields.values()}

    assert {name for name in VARIABLES if not name.startswith(("POWERTOOLS_", "PYDANTIC_"))} == read


def test_powertools_is_told_what_it_has_to_know() -> None:
    assert {name for name in VARIABLES if name.startswith("POWERTOOLS_")} == {
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_LOG_LEVEL",
    }


def test_every_parameter_is_used() -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")

    assert [name for name in PARAMETERS if f"!Ref {name}" not in text] == []


def test_the_defaults_are_valid_settings() -> None:
    settings = Settings.from_environment(environment())

    assert settings.times().first_poll < settings.times().longest_poll


@pytest.mark.parametrize("name", [name for name, parameter in PARAMETERS.items() if "MinValue" in parameter])
@pytest.mark.parametrize("end", ["MinValue", "MaxValue"])
def test_what_a_parameter_may_be_is_a_valid_setting(name: str, end: str) -> None:
    Settings.from_environment(environment(**{name: str(PARAMETERS[name][end])}))


@pytest.mark.parametrize("name", [name for name, parameter in PARAMETERS.items() if "AllowedPattern" in parameter])
def test_a_default_fits_its_parameters_pattern(name: str) -> None:
    assert re.fullmatch(PARAMETERS[name]["AllowedPattern"], PARAMETERS[name]["Default"])


@pytest.mark.parametrize("name", [name for name, parameter in PARAMETERS.items() if "MinValue" in parameter])
def test_a_default_is_within_its_parameters_bounds(name: str) -> None:
    assert PARAMETERS[name]["MinValue"] <= PARAMETERS[name]["Default"] <= PARAMETERS[name]["MaxValue"]


# Times that depend on one another.


def test_a_webhook_function_is_over_before_its_lease_is() -> None:
    assert properties("WebhookFunction")["Timeout"] < LEASE.total_seconds()


@pytest.mark.parametrize("function", ["WebhookFunction", "OperatorsFunction"])
def test_a_function_answers_within_api_gateways_patience(function: str) -> None:
    assert properties(function)["Timeout"] < INTEGRATION_TIMEOUT


def test_asking_for_a_token_and_submitting_end_within_the_webhook_functions_time() -> None:
    # It makes one call at a time, so none waits for the pool.
    longest_exchange = max(longest(ARM_TIMEOUT), TOTAL_TIMEOUT)

    assert longest(TOKEN_TIMEOUT) + longest_exchange < properties("WebhookFunction")["Timeout"]


def test_a_submission_that_the_poller_begins_ends_in_time() -> None:
    waits = (TOKEN_TIMEOUT.pool or 0) + (ARM_TIMEOUT.pool or 0)
    longest_exchange = max(longest(ARM_TIMEOUT), TOTAL_TIMEOUT)

    assert waits + longest(TOKEN_TIMEOUT) + longest_exchange <= polling.TO_SUBMIT
    assert min(run["Timeout"] for run in RUNS.values()) > polling.TO_SUBMIT


def test_as_many_runs_of_the_poller_overlap_as_is_said() -> None:
    schedule = properties("PollerFunction")["Events"]["EveryMinute"]["Properties"]

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    for at_once, run in RUNS.items():
        assert int(at_once) - 1 < run["Timeout"] / 60 < int(at_once)
        assert 0.8 < run["Alarm"] / (1000 * run["Timeout"]) < 1


def test_no_more_pollers_work_side_by_side_than_there_are_shards() -> None:
    assert [int(at_once) for at_once in RUNS] == PARAMETERS["PollersAtOnce"]["AllowedValues"]
    assert max(PARAMETERS["PollersAtOnce"]["AllowedValues"]) == SHARDS


def test_calls_to_aws_give_up_before_the_functions_time_is_over() -> None:
    config: Any = AWS  # Its options are known to botocore alone.
    patience = (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"]

    assert patience < properties("WebhookFunction")["Timeout"]
    assert patience < properties("OperatorsFunction")["Timeout"]


# Routes.


#: The APIs of the template, each with the module that takes its requests.
APIS: dict[str, Any] = {"Api": webhook, "OperatorsApi": operators}


def deployed_routes(api: str) -> dict[str, dict[str, Any]]:
    """As API Gateway gets them: each route with what it calls and who may call it."""
    paths = transformed()["Resources"][api]["Properties"]["Body"]["paths"]
    return {f"{method.upper()} {path}": route for path, methods in paths.items() for method, route in methods.items()}


@pytest.mark.parametrize("api", APIS)
def test_the_routes_deployed_are_the_routes_served(api: str) -> None:
    assert deployed_routes(api).keys() == {key for key, module in ROUTES.items() if module is APIS[api]}


@pytest.mark.parametrize(("api", "security"), [("Api", None), ("OperatorsApi", [{"AWS_IAM": []}])])
def test_every_operators_route_is_authorised_by_iam_and_no_senders_route_is(api: str, security: object) -> None:
    assert [key for key, route in deployed_routes(api).items() if route.get("security") != security] == []


@pytest.mark.parametrize(("api", "prefix"), [("Api", ""), ("OperatorsApi", "Operators")])
def test_api_gateway_holds_back_what_is_too_much(api: str, prefix: str) -> None:
    settings = properties(api)["DefaultRouteSettings"]

    assert settings == {
        "ThrottlingRateLimit": {"Ref": f"{prefix}ThrottleRate"},
        "ThrottlingBurstLimit": {"Ref": f"{prefix}ThrottleBurst"},
    }


def test_both_apis_log_the_same_of_each_request() -> None:
    logged = [properties(api)["AccessLogSettings"] for api in APIS]

    assert logged[0] == logged[1]


# What is kept.


def test_the_index_of_held_batches_tells_what_the_list_shows_and_no_more() -> None:
    (index,) = [index for index in properties("Table")["GlobalSecondaryIndexes"] if index["IndexName"] == "held"]

    shown = records.to_item(steps.held(a_batch(), "too old", NOW))
    assert {"heldOf", "endedAt", *index["Projection"]["NonKeyAttributes"]} < shown.keys()
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["cause", "orderCount"]}


def test_the_index_of_order_ids_says_where_an_order_is_and_no_more() -> None:
    (index,) = [index for index in properties("Table")["GlobalSecondaryIndexes"] if index["IndexName"] == "orderId"]

    batch = a_batch()
    marker = records.to_marker(batch, batch.orders[0], NOW)
    assert {"orderOf", "pk", *index["Projection"]["NonKeyAttributes"]} < marker.keys()
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["batchId", "id"]}


# What is exported, and what is written down.


def test_the_dependencies_layer_is_what_the_lock_file_says() -> None:
    options = ["--quiet", "--frozen", "--no-default-groups", "--no-emit-project", "--no-header"]
    exported = subprocess.run(  # noqa: S603 (the project's own tool)
        [str(ROOT / ".tools/uv/bin/uv"), "export", *options],
        cwd=ROOT,
        env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    committed = (ROOT / "layers/dependencies/requirements.txt").read_text(encoding="utf-8")
    assert list(difflib.unified_diff(committed.splitlines(), exported.splitlines(), "committed", "exported")) == []


PACKAGE = Path(arm_relay.__file__).parent


def test_the_relays_map_names_every_folder_and_every_module_beside_them_and_no_other() -> None:
    folders = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}

    named = re.findall(r"`([a-z_]+(?:/|\.py))`", arm_relay.__doc__ or "")

    assert sorted(named) == sorted(folders | modules)


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_a_folders_docstring_names_every_module_in_it(folder: str) -> None:
    modules = {path.stem for path in (PACKAGE / folder).glob("*.py")} - {"__init__"}

    named = re.findall(r"`([a-z_]+)`", importlib.import_module(f"arm_relay.{folder}").__doc__ or "")

    assert sorted(modules - set(named)) == []
