"""`python -m tools.adoption`: what CloudFormation needs to put tables and a secret that exist into a new stack.

It writes a template with these resources alone, and the list that says what each of them is; CloudFormation's import
takes both. Then a deployment of the whole template adds the rest. docs/deploying.md has the commands.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tools.template import template

#: The resources that outlive a stack, each with the property that names it.
NAMED_BY: Final = {"Table": "TableName", "AnnouncedTable": "TableName", "Secret": "Id"}


def adopted(existing: dict[str, str], key_arn: str | None = None) -> dict[str, Any]:
    """The template with the existing resources alone; `existing` has what each of them is called.

    `key_arn` is the key that encrypts them, if it is not one of AWS's.
    """
    body = template()
    return {"Resources": {name: _plain(body["Resources"][name], key_arn) for name in existing}}


def to_import(existing: dict[str, str]) -> list[dict[str, Any]]:
    """What CloudFormation calls ResourcesToImport."""
    body = template()
    return [
        {
            "ResourceType": body["Resources"][name]["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {NAMED_BY[name]: identifier},
        }
        for name, identifier in existing.items()
    ]


def _plain(value: Any, key_arn: str | None) -> Any:  # noqa: ANN401 (CloudFormation)
    """Without conditions: the only ones of these resources are about the key."""
    if isinstance(value, list):
        return [_plain(each, key_arn) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, own, other = value["Fn::If"]
        if condition == "MakesKey":
            return key_arn
        return _plain(own if key_arn else other, key_arn)
    return {name: _plain(each, key_arn) for name, each in value.items()}


def main(arguments: Sequence[str]) -> int:
    """Write both files; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.adoption", description="Prepare an import into a new stack.")
    parser.add_argument("--folder", type=Path, default=Path(), help="where to write adopted.json and resources.json")
    parser.add_argument("--table", required=True, help="the output TableName of the stack that was")
    parser.add_argument("--announced", required=True, help="its output AnnouncedTableName")
    parser.add_argument("--secret", help="its output SecretArn")
    parser.add_argument("--key-arn", help="its output KeyArn, if it had one")
    given = parser.parse_args(arguments)
    found = {"Table": given.table, "AnnouncedTable": given.announced, "Secret": given.secret}
    existing = {name: identifier for name, identifier in found.items() if identifier}
    for file, content in (("adopted", adopted(existing, given.key_arn)), ("resources", to_import(existing))):
        (given.folder / f"{file}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
