"""template.yaml as tests read it: as it is written, and as SAM hands it on to CloudFormation."""

import os
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, Final

import pytest
from samtranslator.translator.transform import transform

from sandbox.paths import TEMPLATE
from tools.template import template

__all__ = ["TEMPLATE", "template", "transformed"]

#: SAM asks IAM for AWS's managed policies; the relay's functions use none.
_NO_MANAGED_POLICIES: Final = SimpleNamespace(load=dict)


def transformed(body: dict[str, Any] | None = None, /, **parameters: str) -> dict[str, Any]:
    """What CloudFormation gets where these parameters differ from their defaults."""
    # As `sam package` leaves it: all code is in a bucket.
    packaged = deepcopy(body or template())
    for resource in packaged["Resources"].values():
        for name in resource.get("Properties", {}).keys() & {"CodeUri", "ContentUri"}:
            resource["Properties"][name] = f"s3://bucket/{resource['Properties'][name]}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", os.environ.get("AWS_DEFAULT_REGION", "eu-north-1"))
        document: dict[str, Any] = transform(packaged, parameters, _NO_MANAGED_POLICIES)
    return document
