"""How each contestant is started: its folder, what it can import, its environment."""

import compileall
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from sandbox.paths import BUILD, ROOT, SAM_STATE
from tests.support.template import template

HERE: Final = Path(__file__).parent
#: Where the contestants that are not the relay lie, with bytecode as the relay has it.
BENCH: Final = SAM_STATE / "bench"
RUNTIME: Final = BENCH / "runtime"
PYTHON: Final = ROOT / ".tools" / "bench" / "bin" / "python"
PACKAGES: Final = ROOT / ".tools" / "bench" / "lib" / "python3.13" / "site-packages"

#: What Lambda's runtime supplies.
SUPPLIED: Final = (
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py"),
    *("awslambdaric", "runtime_client.cpython-*.so", "simplejson", "snapshot_restore_py.py"),
)
#: Nothing the contestants can use.
NOT_COMPILED: Final = ("matplotlib", "mpl_toolkits", "numpy", "PIL", "fontTools", "pyparsing")

LAYERS: Final = (BUILD / "RelayLayer" / "python", BUILD / "DependenciesLayer" / "python")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A Lambda function as it is deployed."""

    name: str
    folder: Path
    path: Sequence[Path]
    #: Its own variables.
    variables: tuple[tuple[str, str], ...] = ()
    python: Path = PYTHON

    def environment(self, cloud_url: str, **more: str) -> dict[str, str]:
        """Its whole environment; every call goes to `cloud_url`."""
        return {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(str(part) for part in (self.folder, *self.path)),
            **_defaults(),
            **_lambda(),
            "AWS_ENDPOINT_URL": cloud_url,
            "ARM_BASE_URL": f"{cloud_url}/arm/v1",
            "ARM_TOKEN_URL": f"{cloud_url}/token",
            "TABLE_NAME": "relay",
            "ANNOUNCED_TABLE_NAME": "announced",
            "TOPIC_ARN": "arn:aws:sns:eu-north-1:123456789012:relay",
            "SECRET_ARN": "arn:aws:secretsmanager:eu-north-1:123456789012:secret:relay",
            **dict(self.variables),
            **more,
        }

    def command(self, *arguments: str) -> list[str]:
        """Python with these arguments and nothing but the contestant's path; like Lambda, it writes no bytecode."""
        return [str(self.python), "-S", "-s", "-B", *arguments]


#: The relay's functions; the webhook is what the floor and the peer are compared with.
RELAY: Final = Contestant("relay", BUILD / "WebhookFunction", (*LAYERS, RUNTIME))
OPERATORS: Final = Contestant("operators", BUILD / "OperatorsFunction", (*LAYERS, RUNTIME))
POLLER: Final = Contestant("poller", BUILD / "PollerFunction", (*LAYERS, RUNTIME))
#: httpx comes from the relay's own layer.
FLOOR: Final = Contestant("floor", BENCH / "floor", (LAYERS[1], RUNTIME))
FLOOR_WITH_SECRET: Final = Contestant(
    "floor with secret and token", FLOOR.folder, FLOOR.path, (("FETCHES_SECRET_AND_TOKEN", "yes"),)
)
PEER: Final = Contestant("peer", BENCH / "peer", (PACKAGES,))

#: What each function is given, in bytes.
MEMORY: Final = int(template()["Parameters"]["WebhookMemory"]["Default"]) * 2**20


def prepare() -> None:
    """Lay out what is not the relay: the floor, the peer, Lambda's runtime."""
    shutil.rmtree(BENCH, ignore_errors=True)
    lay_out_runtime(RUNTIME, PACKAGES)
    for folder in ("floor", "peer"):
        shutil.copytree(HERE / folder, BENCH / folder)
        compileall.compile_dir(BENCH / folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    for found in PACKAGES.iterdir():
        if found.name not in NOT_COMPILED:
            compileall.compile_dir(found, quiet=2) if found.is_dir() else compileall.compile_file(found, quiet=2)


def lay_out_runtime(folder: Path, packages: Path) -> None:
    """Make a folder with what Lambda's runtime supplies, out of these installed packages."""
    folder.mkdir(parents=True)
    for name in SUPPLIED:
        for found in packages.glob(name):
            (folder / found.name).symlink_to(found)


def _lambda() -> dict[str, str]:
    return {
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY // 2**20),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "LAMBDA_TASK_ROOT": "/var/task",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }


def _defaults() -> dict[str, str]:
    """The functions' variables where every parameter has its default; those of resources are left out."""
    variables: dict[str, str | dict[str, str]] = template()["Globals"]["Function"]["Environment"]["Variables"]
    defaults = {name: str(parameter["Default"]) for name, parameter in template()["Parameters"].items()}
    values = {
        name: value if isinstance(value, str) else defaults.get(value["Ref"]) for name, value in variables.items()
    }
    return {name: value for name, value in values.items() if value is not None}
