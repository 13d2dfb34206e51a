"""The pipeline in deploy/github: right by GitHub's schema, without secrets, and pinned."""

import hashlib
import json
import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile, ZipInfo

import pytest
import yaml

from sandbox.paths import ROOT
from tests.support.template import TEMPLATE, template

WORKFLOWS: Final = sorted((ROOT / "deploy" / "github").glob("*.yml"))
TOOLS: Final = ROOT / ".tools" / "workflows" / "bin"
#: The template with a piece of one resource: all of them take long to read.
RELEASED: Final = (
    TEMPLATE.read_text(encoding="utf-8").partition("Resources:\n")[0]
    + "Resources:\n  WebhookFunction:\n    Properties:\n      AutoPublishCodeSha256: 'old'\n"
)


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


def stage() -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "github" / "stage.yml").read_text(encoding="utf-8"))[
        "jobs"
    ]
    return dict(jobs["deploy"])


def test_nothing_is_installed_while_the_job_holds_credentials() -> None:
    said = [step.get("uses", step.get("run", "")) for step in stage()["steps"]]
    (credentials,) = [place for place, text in enumerate(said) if "configure-aws-credentials" in text]

    assert said.index("make setup") < credentials
    assert [text for text in said[credentials:] if text.startswith("make")] == []


def minutes(deployment: str) -> int:
    """How long a version takes to take over."""
    if found := re.fullmatch(r"Canary\d+Percent(\d+)Minutes", deployment):
        return int(found[1])
    if found := re.fullmatch(r"Linear(\d+)PercentEvery(\d+)Minutes?", deployment):
        return 100 // int(found[1]) * int(found[2])
    assert deployment == "at-once"
    return 0


def test_the_job_lasts_longer_than_every_way_to_take_over() -> None:
    ways = template()["Parameters"]["Deployment"]["AllowedValues"]
    (credentials,) = [step for step in stage()["steps"] if "role-to-assume" in step.get("with", {})]

    assert 2 * max(map(minutes, ways)) < stage()["timeout-minutes"]
    assert credentials["with"]["role-duration-seconds"] >= 60 * stage()["timeout-minutes"]


def test_every_command_in_it_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = [step["run"].split() for file in WORKFLOWS for step in steps(file) if "run" in step]

    assert commands
    for program, *words in commands:
        if program == "make":
            assert f"\n{words[0]}:" in makefile
        elif program == ".venv/bin/python":
            assert words[0] == "-m"
            assert find_spec(words[1])
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


def deployed(
    folder: Path,
    parameters: str,
    *,
    damaged: bool = False,
    listed: bool = True,
    version: str = "0.1.0",
    **variables: str,
) -> tuple[int, Path]:
    """Run deploy.sh with a small release; its exit code, and where the fake SAM CLI kept what it got."""
    dist, kept, sam = folder / "dist", folder / "kept", folder / "sam"
    dist.mkdir(exist_ok=True)
    kept.mkdir(exist_ok=True)
    sam.write_text(FAKE_SAM)
    sam.chmod(0o755)
    archive = dist / f"arm-relay-{version}-arm64.zip"
    with ZipFile(archive, "w") as packed:
        packed.writestr(ZipInfo("template.yaml"), RELEASED)
    digest = hashlib.sha256(b"another" if damaged else archive.read_bytes()).hexdigest()
    other = dist / "another.md"
    other.write_text("notes")
    name = archive.name if listed else other.name
    digest = digest if listed else hashlib.sha256(other.read_bytes()).hexdigest()
    (dist / "SHA256SUMS").write_text(f"{digest}  {name}\n")
    environment = {
        "DIST": str(dist),
        "KEPT": str(kept),
        "SAM": str(sam),
        "STACK_NAME": "relay",
        "ARCHITECTURE": "arm64",
        "AWS_REGION": "eu-north-1",
        **variables,
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

    named = [re.findall(r"^ +AutoPublishCodeSha256: '([0-9a-f]{64})'", text, re.MULTILINE) for text in templates]
    assert [len(names) for names in named] == [1, 1, 1]
    assert templates[0] != templates[1] == templates[2]


def test_parameters_that_sam_would_ignore_or_change_are_not_deployed(tmp_path: Path) -> None:
    code, kept = deployed(tmp_path, "AlarmEmial: you@relay.test")

    assert code != 0
    assert not (kept / "arguments").exists()


def test_a_try_of_a_release_is_deployed_too(tmp_path: Path) -> None:
    assert deployed(tmp_path, "", version="0.1.0+0123456789ab")[0] == 0


def test_the_pipeline_makes_a_try_which_needs_no_release_to_be_cut() -> None:
    file = ROOT / "deploy" / "github" / "pipeline.yml"
    commands = [step["run"].split() for step in steps(file) if "run" in step]

    assert [".venv/bin/python", "-m", "tools.release", "--try", "--folder", "dist"] in commands
    assert ["make", "release"] not in commands


def test_a_stack_without_parameters_of_its_own_is_deployed_with_none(tmp_path: Path) -> None:
    code, kept = deployed(tmp_path, "")

    assert code == 0
    assert "--parameter-overrides" not in (kept / "arguments").read_text()


def test_a_zip_that_is_not_the_builds_is_not_deployed(tmp_path: Path) -> None:
    code, kept = deployed(tmp_path, "", damaged=True)

    assert code != 0
    assert not (kept / "arguments").exists()


def test_a_zip_that_the_checksums_do_not_list_is_not_deployed(tmp_path: Path) -> None:
    code, kept = deployed(tmp_path, "", listed=False)

    assert code != 0
    assert not (kept / "arguments").exists()


def test_the_region_is_said(tmp_path: Path) -> None:
    _, kept = deployed(tmp_path, "", AWS_REGION="eu-west-1")

    assert "--region\neu-west-1\n" in (kept / "arguments").read_text()


def test_tags_the_service_role_and_the_bucket_are_handed_on(tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/cloudformation"
    code, kept = deployed(tmp_path, "", TAGS="owner=finance\ncost-center=1234", SERVICE_ROLE_ARN=role, BUCKET="code")
    arguments = (kept / "arguments").read_text()

    assert code == 0
    assert "--tags\nowner=finance\ncost-center=1234\n" in arguments
    assert f"--role-arn\n{role}\n" in arguments
    assert "--s3-bucket\ncode\n" in arguments
    assert "--resolve-s3" not in arguments


def test_without_them_sam_decides(tmp_path: Path) -> None:
    _, kept = deployed(tmp_path, "")
    arguments = (kept / "arguments").read_text()

    assert "--resolve-s3" in arguments
    assert not {"--tags", "--role-arn", "--s3-bucket"} & set(arguments.split())


@pytest.mark.parametrize("tags", [" ", "\n"])
def test_blank_tags_are_none(tmp_path: Path, tags: str) -> None:
    code, kept = deployed(tmp_path, "", TAGS=tags)

    assert code == 0
    assert "--tags" not in (kept / "arguments").read_text()


#: In place of curl: answers with the next of some files, at last always with the last. An empty one is a failure. It
#: keeps what it reads, with the credentials.
FAKE_CURL: Final = """#!/usr/bin/env bash
cat > "$ANSWERS/read"
answer=$(cat "$ANSWERS/1")
if [ -e "$ANSWERS/2" ]; then mv "$ANSWERS/2" "$ANSWERS/1"; fi
[ -n "$answer" ] || exit 22
echo "$answer"
"""
#: In place of the AWS CLI: it has credentials, and no stack has an output.
FAKE_AWS: Final = """#!/usr/bin/env bash
case "$*" in
  "configure export-credentials --format env")
    printf 'export AWS_%s=%s\\n' ACCESS_KEY_ID of-the-cli SECRET_ACCESS_KEY key
    ;;
  *) echo None ;;
esac
"""
LONG_AGO: Final = "2020-01-01T00:00:00Z"
LATER: Final = "2999-01-01T00:00:00Z"


def checked_health(
    folder: Path, *answers: tuple[str, str | None] | None, seconds: int = 30, **variables: str
) -> subprocess.CompletedProcess[str]:
    """check.sh where the relay answers with these statuses and times of its check; None is a failed request."""
    for name, text in (("curl", FAKE_CURL), ("aws", FAKE_AWS)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    for number, answer in enumerate(answers, start=1):
        text = json.dumps({"status": answer[0], "checkedAt": answer[1]}) if answer else ""
        (folder / str(number)).write_text(text)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "ANSWERS": str(folder),
        "OPERATORS_URL": "https://relay",
        "STACK_NAME": "relay",
        "WAIT_SECONDS": str(seconds),
        "INTERVAL_SECONDS": "0.1",
        **variables,
    }
    return subprocess.run(  # noqa: S603 (our own script)
        [ROOT / "deploy" / "check.sh"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warning", 0), ("fault", 1), ("fine", 1), ("", 1)])
def test_a_check_after_the_deployment_decides(tmp_path: Path, status: str, code: int) -> None:
    before = "fault" if code == 0 else "ok"

    assert checked_health(tmp_path, (before, LONG_AGO), (status, LATER)).returncode == code


@pytest.mark.parametrize("checked_at", [LONG_AGO, None])
def test_a_check_from_before_the_deployment_is_not_taken_for_one_of_it(tmp_path: Path, checked_at: str | None) -> None:
    assert checked_health(tmp_path, ("ok", checked_at), seconds=1).returncode == 1


def test_a_failed_request_does_not_fail_a_good_deployment(tmp_path: Path) -> None:
    assert checked_health(tmp_path, None, ("ok", LATER)).returncode == 0


def test_requests_that_all_fail_do(tmp_path: Path) -> None:
    ended = checked_health(tmp_path, None, seconds=1)

    assert ended.returncode == 1
    assert "the last request failed" in ended.stdout


def test_a_stack_without_the_address_is_not_asked(tmp_path: Path) -> None:
    ended = checked_health(tmp_path, ("ok", LATER), OPERATORS_URL="")

    assert ended.returncode == 1
    assert "the stack relay has no output OperatorsUrl" in ended.stderr


def test_without_credentials_in_the_environment_it_takes_those_of_the_aws_cli(tmp_path: Path) -> None:
    ended = checked_health(tmp_path, ("ok", LATER), AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")

    assert ended.returncode == 0, ended.stderr
    assert 'user = "of-the-cli:key"' in (tmp_path / "read").read_text()
