import json
from pathlib import Path

import pytest

from tests.support.template import template
from tools.adoption import adopted, main, to_import

EXISTING = {"Table": "old-Table-1", "AnnouncedTable": "old-AnnouncedTable-1", "Secret": "arn:secret"}


def test_what_is_imported_is_what_the_template_says_of_it() -> None:
    found = adopted(EXISTING)["Resources"]

    assert found.keys() == EXISTING.keys()
    for name, resource in found.items():
        original = template()["Resources"][name]
        # CloudFormation imports nothing that it would delete with the stack.
        assert resource["DeletionPolicy"] == original["DeletionPolicy"]
        plain = {key for key in original["Properties"] if key not in ("SSESpecification", "KmsKeyId")}
        assert {key: resource["Properties"][key] for key in plain} == {
            key: original["Properties"][key] for key in plain
        }


def test_an_import_has_neither_conditions_nor_references() -> None:
    assert all(word not in json.dumps(adopted(EXISTING)) for word in ("Fn::", "Ref", "Condition"))


def test_what_has_a_key_of_its_own_keeps_it() -> None:
    found = adopted(EXISTING, "arn:key")["Resources"]

    assert found["Table"]["Properties"]["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": "arn:key",
    }
    assert found["Secret"]["Properties"]["KmsKeyId"] == "arn:key"
    assert adopted(EXISTING)["Resources"]["Secret"]["Properties"]["KmsKeyId"] == "alias/aws/secretsmanager"


def test_each_resource_is_named_as_cloudformation_asks() -> None:
    assert [(each["LogicalResourceId"], each["ResourceIdentifier"]) for each in to_import(EXISTING)] == [
        ("Table", {"TableName": "old-Table-1"}),
        ("AnnouncedTable", {"TableName": "old-AnnouncedTable-1"}),
        ("Secret", {"Id": "arn:secret"}),
    ]


@pytest.mark.parametrize(("secret", "names"), [([], 2), (["--secret", "arn:secret"], 3)])
def test_both_files_are_written(secret: list[str], names: int, tmp_path: Path) -> None:
    assert main(["--folder", str(tmp_path), "--table", "a", "--announced", "b", *secret]) == 0

    imported = json.loads((tmp_path / "resources.json").read_text())
    assert len(imported) == names
    assert json.loads((tmp_path / "adopted.json").read_text())["Resources"].keys() == {
        each["LogicalResourceId"] for each in imported
    }
