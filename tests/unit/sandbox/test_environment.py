import pytest

from sandbox.environment import prepare


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "intranet.example"}, "intranet.example,localhost,127.0.0.1,::1"),
        ({"no_proxy": "a.example, b.example,", "NO_PROXY": "b.example"}, "b.example,a.example,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "127.0.0.1"}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "*"}, "*"),
        ({"NO_PROXY": ""}, "localhost,127.0.0.1,::1"),
    ],
)
def test_proxies_are_not_asked_for_this_machine(given: dict[str, str], expected: str) -> None:
    environment = given | {"HTTP_PROXY": "http://proxy.example:3128"}

    prepare(environment)

    assert environment == {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": expected, "no_proxy": expected}


def test_no_profile_of_the_user_is_left() -> None:
    environment = {"AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "work", "HOME": "/home/somebody"}

    prepare(environment)

    assert environment.keys() == {"HOME", "NO_PROXY", "no_proxy"}


def test_to_prepare_twice_is_to_prepare_once() -> None:
    environment = {"NO_PROXY": "intranet.example"}
    prepare(environment)
    once = dict(environment)

    prepare(environment)

    assert environment == once
