"""The pipeline in deploy/github: right by GitHub's schema, without secrets, and pinned."""

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile, ZipInfo

import pytest
import yaml

from sandbox.paths import ROOT

WORKFLOWS: Final = sorted((ROOT / "deploy" / "github").glob("*.yml"))
TOOLS: Final = ROOT / ".tools" / "workflows" / "bin"


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job.get("steps", ())]


def checked(command: list[str | Path]) -> None:
    if not TOOLS.exists():
        pytest.skip("the linters are not set up: run `make workflows`")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 (our own tools)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_it_follows_githubs_schema() -> None:
    checked([TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS])


def test_nothing_in_it_is_unsafe() -> None:
    checked([TOOLS / "zizmor", "--offline", *WORKFLOWS])


def test_it_holds_and_needs_no_secret() -> None:
    assert len(WORKFLOWS) == 2
    for file in WORKFLOWS:
        assert "secrets." not in file.read_text(encoding="utf-8")


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [step["uses"] for file in WORKFLOWS for step in steps(file) if "uses" in step]

    assert len(used) > 3
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []


def test_production_follows_staging_with_the_same_build() -> None:
    jobs = yaml.safe_load((ROOT / "deploy" / "github" / "pipeline.yml").read_text(encoding="utf-8"))["jobs"]

    assert [jobs["staging"]["needs"], jobs["production"]["needs"]] == ["build", "staging"]
    assert jobs["staging"]["uses"] == jobs["production"]["uses"]


def test_every_command_in_it_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = [step["run"].split() for file in WORKFLOWS for step in steps(file) if "run" in step]

    assert commands
    for program, *words in commands:
        if program == "make":
            assert f"\n{words[0]}:" in makefile
        else:
            assert (ROOT / program).stat().st_mode & 0o100


def test_its_page_names_all_that_an_environment_has_to_hold() -> None:
    page = (ROOT / "docs" / "pipeline.md").read_text(encoding="utf-8")
    asked = {name for file in WORKFLOWS for name in re.findall(r"vars\.(\w+)", file.read_text(encoding="utf-8"))}

    assert {name for name in asked if f"`{name}`" not in page} == set()


#: In place of SAM CLI: keeps the template and the parameters that it gets, and its arguments.
FAKE_SAM: Final = """#!/usr/bin/env bash
printf '%s\\n' "$@" > "$KEPT/arguments"
while [ $# -gt 0 ]; do
  case $1 in
    --template-file) cp "$2" "$KEPT/template.yaml" ;;
    file://*) cp "${1#file://}" "$KEPT/parameters.yaml" ;;
  esac
  shift
done
"""


def deployed(folder: Path, parameters: str, *, damaged: bool = False) -> tuple[int, Path]:
    """Run deploy.sh with a small release; its exit code, and where the fake SAM CLI kept what it got."""
    dist, kept, sam = folder / "dist", folder / "kept", folder / "sam"
    dist.mkdir(exist_ok=True)
    kept.mkdir(exist_ok=True)
    sam.write_text(FAKE_SAM)
    sam.chmod(0o755)
    archive = dist / "arm-relay-0.1.0-arm64.zip"
    with ZipFile(archive, "w") as packed:
        packed.writestr(ZipInfo("template.yaml"), "      AutoPublishCodeSha256: 'old'\n")
    digest = hashlib.sha256(b"another" if damaged else archive.read_bytes()).hexdigest()
    (dist / "SHA256SUMS").write_text(f"{digest}  {archive.name}\n")
    environment = {
        "DIST": str(dist),
        "KEPT": str(kept),
        "SAM": str(sam),
        "STACK_NAME": "relay",
        "ARCHITECTURE": "arm64",
    }
    ended = subprocess.run(  # noqa: S603 (our own script)
        [ROOT / "deploy" / "deploy.sh"],
        env={**os.environ, **environment, "PARAMETERS": parameters},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, kept


def test_changed_parameters_name_another_release_and_the_same_ones_do_not(tmp_path: Path) -> None:
    templates = []
    for parameters in ("KidCheck: 'on'", "KidCheck: 'off'", "KidCheck: 'off'"):
        code, kept = deployed(tmp_path, parameters)
        assert code == 0
        assert (kept / "parameters.yaml").read_text() == f"{parameters}\n"
        templates.append((kept / "template.yaml").read_text())

    assert all(re.fullmatch(r"      AutoPublishCodeSha256: '[0-9a-f]{64}'\n", template) for template in templates)
    assert templates[0] != templates[1] == templates[2]


def test_a_stack_without_parameters_of_its_own_is_deployed_with_none(tmp_path: Path) -> None:
    code, kept = deployed(tmp_path, "")

    assert code == 0
    assert "--parameter-overrides" not in (kept / "arguments").read_text()


def test_a_zip_that_is_not_the_builds_is_not_deployed(tmp_path: Path) -> None:
    code, kept = deployed(tmp_path, "", damaged=True)

    assert code != 0
    assert not (kept / "arguments").exists()
