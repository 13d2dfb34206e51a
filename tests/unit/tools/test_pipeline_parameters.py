"""The parameters of a pipeline, before `deploy/deploy.sh` gives them to SAM CLI."""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from sandbox.paths import SAM_TOOLS, TEMPLATE
from tools.pipeline_parameters import main

#: What SAM CLI makes of a file of parameters, in its own interpreter.
PARSED_BY_SAM: Final = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps([CfnParameterOverridesType().convert("file://" + file, None, None) for file in sys.argv[1:]]))
"""
#: What SAM CLI would hand on as it is written, and what it would not.
KEPT: Final = {
    "ThrottleRate: 70": {"ThrottleRate": "70"},
    "WebhookConcurrency: '010'": {"WebhookConcurrency": "010"},
    "SubnetIds: ''": {"SubnetIds": ""},
    "AlarmEmail: you@relay.test": {"AlarmEmail": "you@relay.test"},
    "# nothing": {},
}
CHANGED: Final = {
    "ThrottleRate: 1_000": {"ThrottleRate": "1000"},
    "WebhookConcurrency: 010": {"WebhookConcurrency": "10"},
    "SnapStart: true": {"SnapStart": "True"},
    "ArmUserId: 1e3": {"ArmUserId": "1000.0"},
    "ArmUserId: 0o17": {"ArmUserId": "15"},
    "SubnetIds: ~": {"SubnetIds": ""},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "parameters.yaml"


def checked(file: Path, text: str) -> int:
    file.write_text(text)
    return main([str(file), str(TEMPLATE)])


def test_sam_reads_these_parameters_so(tmp_path: Path) -> None:
    texts = KEPT | CHANGED
    files = [tmp_path / f"{place}.yaml" for place in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    command = [str(SAM_TOOLS / "python"), "-c", PARSED_BY_SAM, *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (the project's own tool)

    assert json.loads(ended.stdout) == list(texts.values())


@pytest.mark.parametrize("text", KEPT)
def test_what_arrives_as_it_is_written_is_taken(text: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(file, text) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((text, "Write it in quotes.") for text in CHANGED),
        # Another reader of YAML changes these.
        ("KidCheck: on", 'KidCheck: YAML may read "on" as something else. Write it in quotes.'),
        ("SubnetIds:", 'SubnetIds: YAML may read "" as something else.'),
        ("AlarmEmial: you@relay.test", 'no parameter "AlarmEmial". Is "AlarmEmail" meant?'),
        ("$include: other.yaml", 'no parameter "$include"'),
        ("KidCheck: 'yes'", "should be one of on, off"),
        ("KidCheck: 'on'\nKidCheck: 'off'", "KidCheck stands there twice."),
        ("SubnetIds: subnet-1", "SubnetIds needs SecurityGroupIds."),
        ("SubnetIds: [subnet-1]", "line 1 should be `Name: value`"),
        ("KidCheck", "should be lines of `Name: value`"),
        ("KidCheck: 'on", "is not YAML"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(text: str, said: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(file, text) == 2
    assert said in capsys.readouterr().err
