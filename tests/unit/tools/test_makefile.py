import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not on the PATH")


#: Without what the make above says to those below it, which may be `make test TESTS=...`.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKEOVERRIDES", "TESTS"}}


def make(*arguments: str) -> str:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(  # noqa: S603 (our own Makefile)
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_list_of_targets_has_a_star_for_those_of_the_first_hour() -> None:
    listed = make("help")

    assert re.findall(r"^\* make (\w+)", listed, re.MULTILINE) == ["demo", "sandbox", "test"]
    assert len(re.findall(r"^  make \w+", listed, re.MULTILINE)) > 10


def test_the_demo_needs_nothing_of_npm() -> None:
    assert "unpack" not in make("--dry-run", "--always-make", "demo")
    assert "unpack" not in make("--dry-run", "--always-make", "build")
    assert "--optional" in make("--dry-run", "--always-make", "sandbox")


def test_the_tests_begin_with_what_they_take_and_fetch() -> None:
    first, second, *_ = make("--dry-run", "test").splitlines()

    assert re.search(r"takes about .+ on two processors", first)
    assert "fetches" in second


def test_a_deployment_always_builds_first_and_says_which_file_it_follows() -> None:
    steps = make("--dry-run", "deploy", "ENVIRONMENT=production", "ARCHITECTURE=arm64")

    asked, built, deployed = (
        steps.index(step) for step in ("-m tools.environment_file", "-m sandbox.cloud.build", "sam deploy")
    )
    assert asked < built < deployed
    assert "samconfig.production.toml" in steps[deployed:]
    assert "build-arm64/template.yaml" in steps[deployed:] or "build/template.yaml" in steps[deployed:]


def test_a_deployment_without_its_file_says_what_to_do_and_builds_nothing() -> None:
    command = ["make", "--no-print-directory", "deploy", "ENVIRONMENT=nowhere"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 (our own Makefile)

    assert ended.returncode != 0
    assert "copy deploy/example.toml" in ended.stderr
    assert "sandbox" not in ended.stdout
