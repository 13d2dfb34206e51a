from pathlib import Path

import pytest

from sandbox.paths import ROOT
from tools.dependencies import licenses
from tools.dependencies.licenses import DEPLOYED, ON_MACHINES, is_allowed

PAGE = ROOT / "docs" / "dependencies.md"


def test_every_deployed_package_is_listed_with_its_licence() -> None:
    assert licenses.table() in PAGE.read_text(encoding="utf-8")


def test_the_licence_of_every_deployed_package_is_allowed() -> None:
    declared = licenses.declared()

    assert len(declared) > 10
    assert {name: named for name, named in declared.items() if not is_allowed(named, DEPLOYED)} == {}


def test_the_licence_of_every_package_on_this_machine_is_allowed() -> None:
    assert licenses.environments()
    assert licenses.forbidden() == []


def test_the_page_lists_the_allowed_licences() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {name for name in ON_MACHINES if f"`{name}`" not in page} == set()


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND PSF-2.0", True),
        ("MIT AND (Apache-2.0 OR GPL-3.0-only)", True),
        ("GPL-3.0-only AND (MIT OR Apache-2.0)", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("MIT AND", False),
        ("", False),
    ],
)
def test_a_choice_may_have_one_allowed_licence_and_all_that_hold_together_must(
    expression: str,
    allowed: bool,  # noqa: FBT001 (a parameter)
) -> None:
    assert is_allowed(expression, DEPLOYED) is allowed


def test_several_classifiers_hold_together() -> None:
    classifiers = ["License :: OSI Approved :: MIT License", "License :: OSI Approved :: GPLv3", "Topic :: Internet"]

    assert licenses.of_classifiers(classifiers) == "MIT AND GPLv3"
    assert not is_allowed(licenses.of_classifiers(classifiers), ON_MACHINES)


def test_an_environment_that_is_not_set_up_is_named(tmp_path: Path) -> None:
    groups = "test = []\ndev = []\nsam = []\ncheckov = []\n"
    (tmp_path / "pyproject.toml").write_text(f"[dependency-groups]\n{groups}")
    for name in (".venv", ".tools/sam"):
        (tmp_path / name / "lib" / "python3.13" / "site-packages").mkdir(parents=True)

    assert licenses.not_set_up(tmp_path) == [".tools/checkov"]
