"""What pyproject.toml says of the project."""

import tomllib

from sandbox.paths import ROOT


def version() -> str:
    """The project's version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
