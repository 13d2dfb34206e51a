"""The simulator's two ports answer programs of this machine, and no page of another site."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.arm.server import ArmServer


@pytest.fixture(scope="module")
def server() -> Iterator[ArmServer]:
    with ArmServer("id", "secret") as running:
        yield running


@pytest.fixture(params=["control", "api"])
def url(request: pytest.FixtureRequest, server: ArmServer) -> str:
    return f"{server.control_url}/faults" if request.param == "control" else server.token_url


def posted(url: str, **headers: str) -> httpx.Response:
    return httpx.post(url, content=b'{"endpoint": "any", "kind": "slow"}', headers=headers, trust_env=False)


def test_a_program_is_answered(url: str) -> None:
    assert posted(url).status_code not in (403, 421)
    assert posted(url, Host=url.split("/")[2].replace("127.0.0.1", "localhost")).status_code not in (403, 421)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "["])
def test_another_name_of_this_machine_is_refused(host: str, url: str) -> None:
    assert posted(url, Host=host).status_code == 421


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_is_refused(headers: dict[str, str], url: str, server: ArmServer) -> None:
    before = httpx.get(f"{server.control_url}/faults", trust_env=False).json()

    assert posted(url, **headers).status_code == 403
    assert httpx.get(f"{server.control_url}/faults", trust_env=False).json() == before
