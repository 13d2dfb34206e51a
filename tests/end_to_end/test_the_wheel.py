"""The desk from a wheel, in an environment that holds nothing else: as on the machine of an operator."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from sandbox.paths import ROOT

UV: Final = ROOT / ".tools" / "uv" / "bin" / "uv"
#: The Python that `make setup` has found.
PYTHON: Final = ROOT / ".tools" / "python"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    # The versions that are locked, so that the test does not change by itself.
    versions = folder / "versions.txt"
    export = ("export", "--quiet", "--frozen", "--no-default-groups", "--extra", "desk", "--no-emit-project")
    run(UV, *export, "--no-hashes", "--project", ROOT, "-o", versions)
    run(UV, "venv", "--quiet", folder / "venv")
    into = ("--python", folder / "venv" / "bin" / "python", "--constraints", versions)
    run(UV, "pip", "install", "--quiet", *into, f"{wheel}[desk]")
    return folder / "venv" / "bin" / "relay"


def run(*words: str | Path, cwd: Path = Path("/")) -> str:
    """What a command shows that must do well; nothing of the clone is on its path."""
    others = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment = others | {"UV_PYTHON": PYTHON.read_text().strip(), "UV_PYTHON_DOWNLOADS": "never"}
    ended = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False)  # noqa: S603 (uv and the command)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_command_is_there_with_its_help(relay: Path) -> None:
    shown = run(relay, "--help")

    assert "orders" in shown
    assert "release" in shown


def test_the_contracts_that_ship_are_there(relay: Path) -> None:
    assert "default is right" in run(relay, "contract", "check", "default")
