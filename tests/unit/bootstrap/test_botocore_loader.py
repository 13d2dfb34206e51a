from collections.abc import Iterator
from typing import Any, override

import pytest
from arm_relay.bootstrap import botocore_loader
from arm_relay.bootstrap.botocore_loader import Models, PlainJson, client, fast_client, fast_session
from botocore.config import Config
from botocore.loaders import Loader

CONFIG = Config(region_name="eu-north-1")
SERVICES = ["dynamodb", "secretsmanager", "sns"]


class Changed(Models):
    """The fast way in a botocore that calls its loader in another way."""

    @override
    def load_service_model(self, *arguments: Any, **keywords: Any) -> Any:
        raise TypeError("an argument that nothing here knows")


@pytest.fixture(autouse=True)
def new_session() -> Iterator[None]:
    fast_session.cache_clear()
    yield
    fast_session.cache_clear()


@pytest.mark.parametrize("service", SERVICES)
def test_the_fast_way_makes_the_client_that_botocore_makes(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = fast_client(service, CONFIG)
    fast_session.cache_clear()
    monkeypatch.setattr(botocore_loader, "Models", Loader)
    plain = fast_client(service, CONFIG)

    assert fast.meta.method_to_api_mapping == plain.meta.method_to_api_mapping
    assert fast.meta.endpoint_url == plain.meta.endpoint_url


@pytest.mark.parametrize("service", SERVICES)
def test_the_fast_way_reads_the_service_into_plain_dicts(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    class Watched(PlainJson):
        @override
        def load_file(self, file_path: str) -> Any:
            read.append(file_path)
            return super().load_file(file_path)

    monkeypatch.setattr(Models, "FILE_LOADER_CLASS", Watched)

    fast_client(service, CONFIG)

    assert any(f"/{service}/" in path for path in read)


@pytest.mark.parametrize("service", SERVICES)
def test_a_botocore_that_has_changed_makes_the_client_in_its_own_way(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botocore_loader, "Models", Changed)
    with pytest.raises(TypeError):
        fast_client(service, CONFIG)

    assert client(service, CONFIG).meta.service_model.service_name == service
