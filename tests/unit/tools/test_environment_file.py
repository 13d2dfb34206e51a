"""The file of an environment, before `make deploy` gives it to SAM CLI."""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from sandbox.paths import ROOT, SAM_TOOLS
from tools.environment_file import OPTIONS, main

EXAMPLE: Final = (ROOT / "deploy" / "example.toml").read_text()
EMAIL: Final = '"AlarmEmail=alarms@example.com"'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "samconfig.staging.toml"


def test_the_example_is_right(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(EXAMPLE)

    assert main([str(file)]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (EMAIL, '"AlarmMail=a@b.c"', 'The template has no parameter "AlarmMail". Is "AlarmEmail" meant?'),
        (EMAIL, '"AlarmEmail"', '"AlarmEmail" should be "Name=value", without blanks'),
        (EMAIL, '"AlarmEmail=two words"', '"AlarmEmail=two words" should be "Name=value", without blanks'),
        (EMAIL, "7", '"7" should be "Name=value"'),
        (EMAIL, '"AlarmEmail=nobody"', 'AlarmEmail: "nobody" should match ^('),
        (EMAIL, f"{EMAIL}, {EMAIL}", "AlarmEmail stands there twice"),
        (EMAIL, '"KidCheck=yes"', 'KidCheck: "yes" should be one of on, off'),
        (EMAIL, '"PollersAtOnce=3"', "should be one of 1, 2, 5, 8"),
        (EMAIL, '"ThrottleRate=0"', 'ThrottleRate: "0" should be from 1 to 10000'),
        (EMAIL, '"ThrottleRate=many"', 'ThrottleRate: "many" should be a whole number'),
        (
            EMAIL,
            '"LogDestinationArn=arn:aws:firehose:x:1:deliverystream/x"',
            "which needs LogDestinationRoleArn",
        ),
        ("https://api.staging", "http://api.staging", "ArmBaseUrl: "),
        ("resolve_s3 =", "resolve_s4 =", 'unknown key "resolve_s4". Is "resolve_s3" meant?'),
        ("[default.deploy.", "[default.deplyo.", 'unknown section "default.deplyo". Is "deploy" meant?'),
        ("[default.deploy.parameters]", "[default.deploy.parameter]", 'unknown key "parameter" in [default.deploy]'),
        ("[default.deploy.", "[defalt.deploy.", 'unknown key "defalt"'),
        ('region = "eu-north-1"', "", "It has no region."),
        ('"arm-relay-staging"', '" "', "It has no stack_name."),
        ('"arm-relay-staging"', f'"{"s" * 25}"', "should be at most 24 letters"),
        ("# tags = [", 'tags = ["owner=my team", ', 'tags: "owner=my team" should be "Name=value"'),
        (f"{EMAIL},", EMAIL.rstrip('"'), "is not TOML"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(
    old: str, new: str, said: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in EXAMPLE
    file.write_text(EXAMPLE.replace(old, new))

    assert main([str(file)]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert all(line.startswith("samconfig.staging.toml") for line in shown.splitlines())


def test_where_there_is_no_file_it_says_what_to_do(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file)]) == 2
    assert "copy deploy/example.toml to it" in capsys.readouterr().err


def test_one_setting_can_be_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A person may write it in any way that TOML has.
    file.write_text(EXAMPLE.replace('region = "eu-north-1"', "region   = 'eu-west-1'  # Ireland"))

    assert main([str(file), "--show", "region"]) == 0
    assert capsys.readouterr().out == "eu-west-1\n"


@pytest.mark.parametrize("value", ['""', "7"])
def test_a_setting_that_says_nothing_is_not_shown(value: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(EXAMPLE.replace('region = "eu-north-1"', f"region = {value}"))

    assert main([str(file), "--show", "region"]) == 2
    assert capsys.readouterr() == ("", "samconfig.staging.toml has no region.\n")


def test_the_options_are_sams() -> None:
    asked = (
        "import json; from samcli.commands.deploy.command import cli; print(json.dumps([p.name for p in cli.params]))"
    )
    ended = subprocess.run(  # noqa: S603 (the project's own tool)
        [str(SAM_TOOLS / "python"), "-c", asked], capture_output=True, text=True, check=True
    )

    assert sorted(OPTIONS - set(json.loads(ended.stdout))) == []


def test_make_deploy_stops_at_a_mistake_before_it_builds() -> None:
    ended = subprocess.run(
        ["make", "configured", "ENVIRONMENT=of-nobody"],  # noqa: S607 (the machine's make)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "There is no samconfig.of-nobody.toml: copy deploy/example.toml" in ended.stderr
    rule = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("deploy:"))
    assert rule.split()[1:3] == ["configured", "build"]
