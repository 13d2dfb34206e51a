"""The routes of the HTTP APIs, as SAM wrote them into the processed template.

SAM puts them into each API's OpenAPI body, which CloudFormation imports on AWS; MiniStack keeps the API and leaves the
body. So they are read from there and created one by one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from sandbox.cloud.aws import Aws
from sandbox.cloud.stack import STACK_NAME

type Json = Mapping[str, Any]

_FUNCTION = re.compile(r"\$\{(\w+)\}/invocations")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route of an HTTP API."""

    #: The logical name of the API in the template.
    api: str
    #: Method and path, such as `POST /v1/clients/{clientNo}/orders`.
    key: str
    #: The logical name of the function's alias it invokes.
    function: str
    #: Whether callers must sign by IAM.
    iam: bool

    def matches(self, method: str, path: str) -> bool:
        """Whether a request goes this way; the path as it was in the request."""
        wanted_method, wanted_path = self.key.split(" ", 1)
        greedy = re.sub(r"\\{[^}]+\\\+\\}", ".+", re.escape(wanted_path))
        pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", greedy)
        # Escapes and leading slashes are undone before API Gateway looks for the route.
        found = re.fullmatch(pattern, "/" + unquote(path).lstrip("/"))
        return wanted_method in (method, "ANY") and found is not None


def create_routes(aws: Aws, api: str, api_id: str) -> list[Route]:
    """Create every route of one API of the deployed template, which names it `api`."""
    routes = [route for route in routes_of(_processed_template(aws)) if route.api == api]
    integrations = {name: _integrate(aws, api_id, name) for name in {route.function for route in routes}}
    for route in routes:
        authorization: Literal["AWS_IAM", "NONE"] = "AWS_IAM" if route.iam else "NONE"
        aws.apigateway.create_route(
            ApiId=api_id,
            RouteKey=route.key,
            Target=f"integrations/{integrations[route.function]}",
            AuthorizationType=authorization,
        )
    return routes


def routes_of(template: Json) -> Iterator[Route]:
    """The routes in the OpenAPI bodies of a processed template."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            yield from _routes_of_body(name, resource["Properties"].get("Body", {}))


def _routes_of_body(api: str, body: Json) -> Iterator[Route]:
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            yield Route(
                api=api,
                key=f"{_METHODS.get(method, method.upper())} {path}",
                function=_function(operation["x-amazon-apigateway-integration"]["uri"]),
                iam=any("AWS_IAM" in scheme for scheme in operation.get("security", [])),
            )


_METHODS = {"x-amazon-apigateway-any-method": "ANY"}


def _function(uri: Json) -> str:
    found = _FUNCTION.search(uri["Fn::Sub"])
    if found is None:
        raise ValueError(f"no function in the integration {uri}")
    return found[1]


def _processed_template(aws: Aws) -> Json:
    body: str | dict[str, Any] = aws.cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")[
        "TemplateBody"
    ]
    template: Json = json.loads(body) if isinstance(body, str) else body
    return template


def _integrate(aws: Aws, api_id: str, function: str) -> str:
    resource = aws.cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=function)
    # An alias is known by its ARN.
    arn = resource["StackResourceDetail"]["PhysicalResourceId"]
    integration = aws.apigateway.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    return integration["IntegrationId"]
