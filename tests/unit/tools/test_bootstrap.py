import ast
import stat
import sys
from pathlib import Path

import pytest

from tools import bootstrap
from tools.bootstrap import downloaded, found, installed_uv, last_line, own_python

SOURCE = Path(bootstrap.__file__)


def a_uv(folder: Path, script: str) -> Path:
    """A stand-in for uv; `$2` is `find` or `install`."""
    uv = folder / "uv"
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(uv.stat().st_mode | stat.S_IXUSR)
    return uv


def test_it_is_written_for_any_python_from_3_8_on() -> None:
    ast.parse(SOURCE.read_text(), feature_version=(3, 8))


def test_the_python_that_runs_it_is_taken_if_it_has_the_version() -> None:
    assert own_python(f"{sys.version_info.major}.{sys.version_info.minor}") == sys.executable
    assert own_python("2.7") == ""


def test_a_python_that_uv_finds_is_taken(tmp_path: Path) -> None:
    assert found(a_uv(tmp_path, 'echo "/opt/python3.13 for $UV_PYTHON_DOWNLOADS"'), "3.13") == (
        "/opt/python3.13 for never"
    )


def test_where_uv_finds_none_nothing_is_taken(tmp_path: Path) -> None:
    assert found(a_uv(tmp_path, "echo 'error: No interpreter found'; exit 2"), "3.13") == ""


def test_a_downloaded_python_lies_in_the_folder(tmp_path: Path) -> None:
    uv = a_uv(tmp_path, 'case "$2" in find) echo "$UV_PYTHON_INSTALL_DIR/bin/python3.13";; esac')

    assert downloaded(uv, tmp_path, "3.13") == str(tmp_path / "python-builds" / "bin" / "python3.13")


def test_where_none_can_be_downloaded_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    uv = a_uv(tmp_path, "echo 'error: Failed to install'; echo '  cause: dns error'; exit 1")

    with pytest.raises(SystemExit) as ended:
        downloaded(uv, tmp_path, "3.13")

    assert str(ended.value) == (
        "ARM Relay needs Python 3.13, which is not on this machine and could not be downloaded (dns error): install it "
        "from https://www.python.org/downloads/, or name it with make PYTHON=/path/to/python3.13"
    )


def test_a_python_without_venv_is_named_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = a_uv(tmp_path, "echo 'ensurepip is not available'; exit 1")
    monkeypatch.setattr(sys, "executable", str(python))

    with pytest.raises(SystemExit) as ended:
        installed_uv(tmp_path / "venv", "0.13.9")

    assert str(ended.value).startswith(f"{python} cannot make a virtual environment: install its venv module ")


def test_a_pip_that_fails_gives_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = a_uv(venv / "bin", 'case "$2" in pip) echo "ERROR: no matching distribution"; exit 1;; esac')
    python.rename(venv / "bin" / "python")
    monkeypatch.setattr(sys, "executable", str(venv / "bin" / "python"))

    with pytest.raises(SystemExit) as ended:
        installed_uv(venv, "0.13.9")

    assert str(ended.value) == "uv 0.13.9 could not be installed with pip: ERROR: no matching distribution"


def test_the_last_line_is_the_last_that_says_something() -> None:
    assert last_line("one\n  cause: two  \n\n") == "two"
    assert last_line("\n") == "it printed nothing"
