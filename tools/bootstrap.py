"""`python tools/bootstrap.py FOLDER UV_VERSION PYTHON_VERSION`: uv, and the Python that the project runs on.

Runs on any Python from 3.8 on, with nothing but its standard library. It leaves uv in FOLDER/uv, and the path of the
project's Python in FOLDER/python: this Python, another one that uv finds on the machine, or one that uv downloads.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

#: How long uv may download, in seconds.
PATIENCE = 300


def main(folder: Path, uv_version: str, python_version: str) -> None:
    """Install uv and find the Python.

    Raises:
        SystemExit: one of them cannot be had; with one sentence for the person who asked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching tools: uv {uv_version}", flush=True)
    uv = installed_uv(folder / "uv", uv_version)
    python = own_python(python_version) or found(uv, python_version) or downloaded(uv, folder, python_version)
    (folder / "python").write_text(python + "\n", encoding="utf-8")


def installed_uv(venv: Path, version: str) -> Path:
    """The uv in a virtual environment of its own."""
    code, output = run([sys.executable, "-m", "venv", "--clear", str(venv)])
    if code != 0:
        raise SystemExit(
            f"{sys.executable} cannot make a virtual environment: install its venv module "
            "(Debian and Ubuntu: apt install python3-venv), or name another Python with make PYTHON=..."
        )
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    code, output = run([*pip, f"uv=={version}"])
    if code != 0:
        raise SystemExit(f"uv {version} could not be installed with pip: {last_line(output)}")
    return venv / "bin" / "uv"


def own_python(version: str) -> str:
    """The path of the Python that runs this, if it is of the wanted version; otherwise empty."""
    return sys.executable if f"{sys.version_info.major}.{sys.version_info.minor}" == version else ""


def found(uv: Path, version: str) -> str:
    """The path of such a Python on this machine; empty if uv finds none."""
    code, output = run([str(uv), "python", "find", "--no-project", "--system", version], UV_PYTHON_DOWNLOADS="never")
    return output.strip() if code == 0 else ""


def downloaded(uv: Path, folder: Path, version: str) -> str:
    """The path of a Python that uv has downloaded into `folder`."""
    print(f"fetching Python {version}: there is none on this machine", flush=True)
    place = str(folder.resolve() / "python-builds")
    install = [str(uv), "python", "install", "--no-bin", version]
    code, output = run(install, UV_PYTHON_INSTALL_DIR=place, UV_PYTHON_DOWNLOADS="manual", UV_HTTP_RETRIES="1")
    find = [str(uv), "python", "find", "--no-project", "--managed-python", version]
    if code == 0:
        code, output = run(find, UV_PYTHON_INSTALL_DIR=place, UV_PYTHON_DOWNLOADS="never")
    if code != 0:
        raise SystemExit(
            f"ARM Relay needs Python {version}, which is not on this machine and could not be downloaded "
            f"({last_line(output)}): install it "
            f"from https://www.python.org/downloads/, or name it with make PYTHON=/path/to/python{version}"
        )
    return output.strip()


def run(command: list[str], **variables: str) -> tuple[int, str]:
    """Run a command: its exit code, and what it printed."""
    try:
        ended = subprocess.run(
            command,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {PATIENCE} s"
    return ended.returncode, ended.stdout.decode(errors="replace")


def last_line(output: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1].replace("cause: ", "") if lines else "it printed nothing"


if __name__ == "__main__":
    # Ctrl-C ends this without a traceback; the next run starts again.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
