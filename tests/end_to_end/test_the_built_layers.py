"""What is deployed stands on its own: its functions import with their code, their layers and boto3 alone."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sandbox.build import built

pytestmark = pytest.mark.xdist_group("sandbox")

#: What Lambda's runtime supplies.
SUPPLIED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")


@pytest.mark.parametrize("function", ["WebhookFunction", "PollerFunction"])
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
