"""The file of an environment, before `make deploy` gives it to SAM CLI."""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from sandbox.paths import ROOT, SAM_TOOLS
from tools.environment_file import OPTIONS, main

UNTOUCHED: Final = (ROOT / "deploy" / "example.toml").read_text()
#: The example, filled in.
EXAMPLE: Final = UNTOUCHED.replace("alarms@example.com", "alarms@relay.test")
EMAIL: Final = '"AlarmEmail=alarms@relay.test"'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "samconfig.staging.toml"


def test_the_example_is_right_once_it_is_filled_in(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(EXAMPLE)

    assert main([str(file)]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "line",
    [
        """"SubnetIds='subnet-1'", "SecurityGroupIds=sg-1",""",
        '"AlarmAgeSeconds=7200", "LongestPollSeconds=3600",',
        '"ArmContract=like-eve",',
    ],
)
def test_what_is_meant_so_is_taken(line: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(EXAMPLE.replace(EMAIL, f"{EMAIL}, {line.rstrip(',')}"))

    assert main([str(file)]) == 0, capsys.readouterr().err


#: What SAM CLI makes of overrides and tags, in its own interpreter; None where it refuses them.
PARSED_BY_SAM: Final = """
import json, sys
import click
from samcli.cli.types import CfnParameterOverridesType, CfnTags
def parsed(kind, given):
    try:
        return kind().convert(given, None, None)
    except click.BadParameter:
        return None
overrides, tags = json.load(sys.stdin)
print(json.dumps([[parsed(CfnParameterOverridesType, [each]) for each in overrides],
                  [parsed(CfnTags, [each]) for each in tags]]))
"""


#: How somebody may write it, what SAM makes of it, and whether the check takes it: where both are the same.
OVERRIDES: Final = [
    ("ArmUserId=x", {"ArmUserId": "x"}, True),
    ("ArmUserId=x=y", {"ArmUserId": "x=y"}, True),
    ("ArmUserId='x'", {"ArmUserId": "x"}, True),
    ("SubnetIds=''", {"SubnetIds": ""}, True),
    ('SubnetIds=""', {"SubnetIds": ""}, True),
    ("SubnetIds=", None, False),
    ('ArmUserId=a"b', {"ArmUserId": "a"}, False),
    ("ArmUserId=a b", {"ArmUserId": "a"}, False),
]
TAGS: Final = [
    ("cost owner=my team", {"cost owner": "my team"}, True),
    ("owner=", {"owner": ""}, True),
    ("owner=x ", {"owner": "x "}, False),
    (" owner=x", {" owner": "x"}, False),
    ('owner="x"', {"owner": "x"}, False),
    ("a=b=c", {"a=b": "c"}, False),
    ("a=b c=d", {"a": "b", "c": "d"}, False),
]


def test_sam_reads_overrides_and_tags_as_these_tables_say() -> None:
    ended = subprocess.run(  # noqa: S603 (the project's own tool)
        [str(SAM_TOOLS / "python"), "-c", PARSED_BY_SAM],
        input=json.dumps([[written for written, *_ in table] for table in (OVERRIDES, TAGS)]),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(ended.stdout) == [[parsed for _, parsed, _ in table] for table in (OVERRIDES, TAGS)]


@pytest.mark.parametrize(
    ("old", "new", "is_taken"),
    [
        *((EMAIL, json.dumps(written), is_taken) for written, _, is_taken in OVERRIDES),
        *(("# tags = [", f"tags = [{json.dumps(written)}]  #", is_taken) for written, _, is_taken in TAGS),
    ],
)
def test_what_sam_would_read_otherwise_is_refused(
    old: str, new: str, file: Path, capsys: pytest.CaptureFixture[str], *, is_taken: bool
) -> None:
    file.write_text(EXAMPLE.replace(old, new))

    assert (main([str(file)]) == 0) == is_taken, capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (EMAIL, '"AlarmMail=a@b.c"', 'The template has no parameter "AlarmMail". Is "AlarmEmail" meant?'),
        (EMAIL, '"SubnetIds="', """SubnetIds has no value, which SAM refuses: to empty it write "SubnetIds=''"."""),
        (EMAIL, "'ArmUserId=a\"b'", "should have no quotes and no backslashes inside"),
        (EMAIL, '"InvoiceTimeZone=Europe/Olso"', '"Europe/Olso" should be a time zone of the IANA database'),
        (EMAIL, '"ArmContract=nosuch"', 'there is no contract "nosuch"; there are default, '),
        (
            EMAIL,
            '"FirstPollSeconds=900", "LongestPollSeconds=30"',
            "FirstPollSeconds is longer than LongestPollSeconds.",
        ),
        (EMAIL, '"AlarmAgeSeconds=900"', "AlarmAgeSeconds is not longer than LongestPollSeconds"),
        (EMAIL, '"AlarmAgeSeconds=259200"', "AlarmAgeSeconds is not longer than LongestPollSeconds"),
        (EMAIL, '"DomainName=relay.test"', "DomainName needs CertificateArn."),
        (EMAIL, '"SubnetIds=subnet-1"', "SubnetIds needs SecurityGroupIds."),
        (
            "alarms@relay.test",
            "alarms@example.com",
            'AlarmEmail: "alarms@example.com" is the example\'s: write your own.',
        ),
        (EMAIL, '"PermissionsBoundary=arn:aws:iam::123456789012:policy/x"', "is the example's"),
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
        ("# tags = [", 'tags = ["owner=my team ", ', 'tags: "owner=my team " should be "Name=value"'),
        ("# tags = [", "tags = ['owner=\"x\"', ", "without quotes"),
        ("# tags = [", 'tags = ["owner=x", "owner=y", ', 'tags: "owner" stands there twice.'),
        ("# tags = [", 'tags = ["aws:owner=x", ', 'tags: "aws:owner" begins with "aws:"'),
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
