import pytest

from sandbox.gateway.routes import Route, routes_of


def integration(function: str) -> dict[str, object]:
    path = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    return {"uri": {"Fn::Sub": f"{path}${{{function}}}/invocations"}}


ORDERS = {"x-amazon-apigateway-integration": integration("WebhookFunction")}
BATCHES = {"x-amazon-apigateway-integration": integration("OperatorsFunction"), "security": [{"AWS_IAM": []}]}
TEMPLATE = {
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        "Bare": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "without a body"}},
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Body": {
                    "paths": {
                        "/orders": {"post": ORDERS},
                        "/any": {"x-amazon-apigateway-any-method": ORDERS},
                    }
                }
            },
        },
        "OperatorsApi": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Body": {"paths": {"/batches/{batchId}": {"get": BATCHES}}}},
        },
    }
}


def test_the_routes_are_read_from_the_openapi_body_of_each_api() -> None:
    assert list(routes_of(TEMPLATE)) == [
        Route(api="Api", key="POST /orders", function="WebhookFunction", iam=False),
        Route(api="Api", key="ANY /any", function="WebhookFunction", iam=False),
        Route(api="OperatorsApi", key="GET /batches/{batchId}", function="OperatorsFunction", iam=True),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/clients/2218/orders/preview"),
        ("POST", "/v1/clients/22%2018/orders/preview"),
        # MiniStack and API Gateway undo these before they look for the route.
        ("POST", "//v1/clients/2218/orders/preview"),
        ("POST", "/v1/clients/2218/orders%2Fpreview"),
    ],
)
def test_a_route_matches_its_method_and_any_value_of_its_parameters(method: str, path: str) -> None:
    route = Route(api="Api", key="POST /v1/clients/{clientNo}/orders/preview", function="WebhookFunction", iam=False)

    assert route.matches(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/clients/2218/orders/evt-1"), ("GET", "/v1/clients/2218/orders/2025%2F1/a:b")],
)
def test_a_greedy_parameter_takes_the_rest_of_the_path(method: str, path: str) -> None:
    route = Route(
        api="OperatorsApi", key="GET /v1/clients/{clientNo}/orders/{id+}", function="OperatorsFunction", iam=True
    )

    assert route.matches(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/clients/2218/orders/preview"),
        ("POST", "/v1/clients/2218/orders"),
        ("POST", "/v1/clients/2218/orders/preview/"),
        ("POST", "/v1/clients//orders/preview"),
        ("POST", "/v1/clients/a/b/orders/preview"),
    ],
)
def test_a_route_matches_nothing_else(method: str, path: str) -> None:
    route = Route(api="Api", key="POST /v1/clients/{clientNo}/orders/preview", function="WebhookFunction", iam=False)

    assert not route.matches(method, path)
