"""What is deployed is complete: its functions import with their code, their layers and boto3 alone.

It is built for both of Lambda's architectures; the other tests run this machine's.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import pytest
from samtranslator.yaml_helper import yaml_parse

from sandbox.cloud.build import built

pytestmark = pytest.mark.xdist_group("sandbox")

#: What Lambda's runtime supplies.
SUPPLIED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")


@pytest.mark.parametrize("function", ["WebhookFunction", "OperatorsFunction", "PollerFunction"])
def test_a_function_imports_from_its_built_artefact_alone(function: str, tmp_path: Path) -> None:
    installed = Path(sysconfig.get_path("purelib"))
    for name in SUPPLIED:
        (tmp_path / name).symlink_to(installed / name)
    with built() as folder:
        layers = [folder / layer / "python" for layer in ("RelayLayer", "DependenciesLayer")]
        path = [str(part) for part in (folder / function, *layers, tmp_path)]
        program = f"import sys; sys.path[:0] = {path!r}; import app; print(app.handler)"
        ended = subprocess.run(  # noqa: S603 (our own program)
            [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
        )

    assert (ended.returncode, ended.stderr) == (0, "")


#: How an ELF file names its processor, at which place.
MACHINES: Final = {"x86_64": 62, "arm64": 183}
MACHINE: Final = slice(18, 20)


@pytest.mark.parametrize("architecture", MACHINES)
def test_everything_native_is_for_the_architecture_it_is_built_for(architecture: str) -> None:
    with built(architecture) as folder:
        libraries = list(folder.rglob("*.so"))
        machines = {int.from_bytes(library.read_bytes()[MACHINE], "little") for library in libraries}

    assert (len(libraries) > 0, machines) == (True, {MACHINES[architecture]})


@pytest.mark.parametrize("architecture", MACHINES)
def test_a_build_is_deployed_for_the_architecture_it_is_built_for(architecture: str) -> None:
    with built(architecture) as folder:
        template = yaml_parse((folder / "template.yaml").read_text(encoding="utf-8"))

    assert template["Parameters"]["Architecture"]["Default"] == architecture
