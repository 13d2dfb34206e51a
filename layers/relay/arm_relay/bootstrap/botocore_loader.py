"""Clients of botocore, made in half the processor time, that read DynamoDB's items in a quarter of it.

boto3 is not imported: it would be for its resources and file transfers alone. What is overridden here is internal to
botocore, whose version Lambda chooses: where it has changed, a plain session makes the client (docs/decisions/0007).
"""

import gzip
import json
from contextlib import suppress
from functools import cache
from typing import Any, Final, override

from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory
from botocore.session import Session

#: An answer as it comes from DynamoDB, and what botocore makes of it.
ANSWER: Final = b'{"Item": {"text": {"S": "1"}, "number": {"N": "1"}, "bytes": {"B": "MQ=="}}}'
ITEM: Final = {"text": {"S": "1"}, "number": {"N": "1"}, "bytes": {"B": b"1"}}


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


class Items(JSONParser):
    """Reads answers in JSON. botocore looks for ten kinds in each attribute; a text or a number can stay as it is."""

    # botocore's types leave out what is internal.

    @override
    def _handle_map(self, shape: Any, value: Any) -> Any:  # type: ignore[misc]
        if shape.value.name != "AttributeValue":
            return super()._handle_map(shape, value)  # type: ignore[misc]
        parse = self._parse_shape  # type: ignore[attr-defined]
        return {
            name: attribute if "S" in attribute or "N" in attribute else parse(shape.value, attribute)
            for name, attribute in value.items()
        }


class Parsers(ResponseParserFactory):
    """What reads the answers of each kind of service."""

    @override
    def create_parser(self, protocol_name: str) -> ResponseParser:
        return Items() if protocol_name == "json" else super().create_parser(protocol_name)


def client(service: str, config: Config) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of the service."""
    try:
        return fast_client(service, config)
    except Exception:  # noqa: BLE001 (whatever a newer botocore raises; a plain session is only slower)
        return Session().create_client(service, config=config)


def fast_client(service: str, config: Config) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client made with what this module overrides. It raises whatever a botocore raises that has changed there."""
    made = fast_session().create_client(service, config=config)
    if service == "dynamodb":
        _try_reading(made)
    return made


@cache
def fast_session() -> Session:
    """A session that reads botocore's descriptions in the fast way; one for all clients."""
    session = Session()
    session.register_component("data_loader", Models())
    session.register_component("response_parser_factory", Parsers())
    return session


def _try_reading(dynamodb: Any) -> None:  # noqa: ANN401
    """Read an answer: where botocore's reading has changed, it must show now, and not at the first order."""
    shape = dynamodb.meta.service_model.operation_model("GetItem").output_shape
    answer = {"status_code": 200, "headers": {}, "body": ANSWER, "context": {}}
    read = Parsers().create_parser("json").parse(answer, shape)
    if read.get("Item") != ITEM:
        raise RuntimeError("botocore reads DynamoDB's items in another way")
