"""Clients of botocore, made in half the processor time.

boto3 is not imported: it would be for its resources and file transfers alone. What is overridden here is internal to
botocore, whose version Lambda chooses: where it has changed, a plain session makes the client (docs/decisions/0007).
"""

import gzip
import json
from contextlib import suppress
from functools import cache
from typing import Any, override

from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session


class PlainJson(JSONFileLoader):
    """Reads JSON into plain dicts. botocore's own reading of a megabyte into ordered ones takes twice the time."""

    @override
    def load_file(self, file_path: str) -> Any:
        for ending, opened in ((".json", open), (".json.gz", gzip.open)):
            with suppress(FileNotFoundError), opened(file_path + ending, "rb") as file:
                return json.loads(file.read())
        return None


class Models(Loader):
    """botocore's descriptions of the services. It does not list the folders of all services to find three."""

    FILE_LOADER_CLASS = PlainJson

    @override
    def list_available_services(self, type_name: str) -> list[str]:
        return ["dynamodb", "secretsmanager", "sns"]


def client(service: str, config: Config) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of the service."""
    try:
        return fast_client(service, config)
    except Exception:  # noqa: BLE001 (whatever a newer botocore raises; a plain session is only slower)
        return Session().create_client(service, config=config)


def fast_client(service: str, config: Config) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client made with what this module overrides. It raises whatever a botocore raises that has changed there."""
    return fast_session().create_client(service, config=config)


@cache
def fast_session() -> Session:
    """A session that reads botocore's descriptions in the fast way; one for all clients."""
    session = Session()
    session.register_component("data_loader", Models())
    return session
