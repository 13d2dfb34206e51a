import pytest

from sandbox.gateway.routes import Route, routes_of

INTEGRATION = {
    "uri": {
        "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        "${WebhookFunction}/invocations"
    }
}
TEMPLATE = {
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        "Bare": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "without a body"}},
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Body": {
                    "paths": {
                        "/orders": {"post": {"x-amazon-apigateway-integration": INTEGRATION}},
                        "/batches/{batchId}": {
                            "get": {"x-amazon-apigateway-integration": INTEGRATION, "security": [{"AWS_IAM": []}]}
                        },
                        "/any": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": INTEGRATION}},
                    }
                }
            },
        },
    }
}


def test_the_routes_are_read_from_the_apis_openapi_body() -> None:
    assert list(routes_of(TEMPLATE)) == [
        Route(key="POST /orders", function="WebhookFunction", iam=False),
        Route(key="GET /batches/{batchId}", function="WebhookFunction", iam=True),
        Route(key="ANY /any", function="WebhookFunction", iam=False),
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
    route = Route(key="POST /v1/clients/{clientNo}/orders/preview", function="WebhookFunction", iam=True)

    assert route.matches(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/clients/2218/orders/evt-1"), ("GET", "/v1/clients/2218/orders/2025%2F1/a:b")],
)
def test_a_greedy_parameter_takes_the_rest_of_the_path(method: str, path: str) -> None:
    route = Route(key="GET /v1/clients/{clientNo}/orders/{id+}", function="WebhookFunction", iam=True)

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
    route = Route(key="POST /v1/clients/{clientNo}/orders/preview", function="WebhookFunction", iam=True)

    assert not route.matches(method, path)
