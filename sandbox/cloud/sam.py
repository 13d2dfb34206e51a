"""SAM CLI, kept away from the user's settings: no AWS profile, no samconfig.toml, no network."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.cloud import processes
from sandbox.cloud.aws import REGION
from sandbox.errors import SandboxError
from sandbox.paths import SAM_STATE, SAM_TOOLS

#: A section that samconfig.toml does not have, so that its deploy settings do not reach the sandbox.
_NO_PROFILE = ("--config-env", "sandbox")


def sam(command: str, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run `sam <command>` and return what it printed.

    Raises:
        SandboxError: SAM CLI is not installed, or the command failed; with what it printed.
    """
    program = SAM_TOOLS / "sam"
    if not program.exists():
        raise SandboxError("SAM CLI is not installed: run `make setup`")
    full = [program, command, *_NO_PROFILE, *arguments]
    # SAM CLI leaves temporary folders behind.
    with TemporaryDirectory(prefix="arm-relay-sam-", ignore_cleanup_errors=True) as scratch:
        given = dict(environment or {}) | {"TMPDIR": scratch}
        code, output = processes.run(full, environment=_environment() | given)
    if code != 0:
        raise SandboxError(f"sam {command} failed: {reason(output, code)}", output.strip())
    return output


def reason(output: str, code: int) -> str:
    """The last of the errors SAM CLI printed."""
    errors = [line for line in output.splitlines() if line.startswith("Error:")]
    return errors[-1].removeprefix("Error:").strip() if errors else f"exit code {code}"


def _environment() -> dict[str, str]:
    return {
        # Its own Python 3.13 first, which also builds the layers.
        "PATH": f"{SAM_TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": os.environ.get("HOME", str(SAM_STATE)),
        "LC_ALL": "C.UTF-8",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(_app_dir()),
        **{name: value for name, value in os.environ.items() if _is_for_pip(name)},
    }


def _is_for_pip(name: str) -> bool:
    return name.startswith(("PIP_", "SSL_CERT_", "REQUESTS_CA_")) or name.lower().endswith("_proxy")


def _app_dir() -> Path:
    """SAM's own notes, saying that it has just checked for a newer version, so that it does not ask PyPI."""
    folder = SAM_STATE / "cli"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
    return folder
