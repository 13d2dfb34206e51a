"""Which licences the dependencies have, and which are allowed: `python -m tools.dependencies.licenses` lists them.

A licence is what a package itself declares, by its SPDX name where it has one.
"""

import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

from license_expression import ExpressionError, get_spdx_licensing

from sandbox.paths import ROOT

#: The dependency groups that have no environment of their own.
_OF_THE_PROJECT: Final = frozenset({"runtime", "test", "lint", "dev"})

REQUIREMENTS: Final = ROOT / "layers" / "dependencies" / "requirements.txt"

#: What may be in Lambda: each may be passed on with code under Apache-2.0. MPL-2.0 asks that changes of its own files
#: be shown, and we change none.
DEPLOYED: Final = frozenset({"Apache-2.0", "BSD-3-Clause", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"})

#: What may be on the machine of whoever works on the relay; nothing of it is passed on.
ON_MACHINES: Final = DEPLOYED | {
    "0BSD",
    "Artistic License",
    "BSD",
    "BSD-2-Clause",
    "CC0-1.0",
    "CNRI-Python",
    "ISC",
    "MIT-CMU",
    "Zlib",
}

_SPDX: Final[Any] = get_spdx_licensing()
type LicenseExpression = Any

#: Of packages that declare none, or several in classifiers alone: what their licence files say. python-dateutil's BSD
#: licence is for all of it. Of docutils, what is under the GPL is not installed; the public domain asks for nothing.
_READ_BY_US: Final[Mapping[str, str]] = {
    "axe-playwright-python": "MIT",
    "cookiecutter": "BSD-3-Clause",
    "docutils": "BSD-2-Clause AND BSD-3-Clause AND PSF-2.0",
    "python-dateutil": "BSD-3-Clause",
}

#: What packages write instead of the name, in `License` or in the classifiers.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "asl 2": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd license": "BSD",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mit no attribution license (mit-0)": "MIT-0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psf license": "PSF-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}


class UndeclaredLicense(Exception):
    """A package does not say under which licence it is."""


def declared() -> dict[str, str]:
    """The licence of each package in the dependencies layer.

    Raises:
        UndeclaredLicense: one of them does not say.
    """
    wanted = set(re.findall(r"^([a-z0-9-]+)==", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE))
    return {_name(each): license_of(each) for each in distributions() if _name(each) in wanted}


def environments() -> list[Path]:
    """The packages' folders of every environment that is set up here."""
    return sorted([*ROOT.glob(".venv/lib/python*/site-packages"), *ROOT.glob(".tools/*/lib/python*/site-packages")])


def not_set_up(root: Path = ROOT) -> list[str]:
    """The environments that are not set up here: nobody has looked at their packages."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    tools = project["dependency-groups"].keys() - _OF_THE_PROJECT
    wanted = {".venv": root / ".venv", **{f".tools/{name}": root / ".tools" / name for name in sorted(tools)}}
    return [name for name, folder in wanted.items() if not any(folder.glob("lib/python*/site-packages"))]


def in_environment(folder: Path) -> dict[str, str]:
    """The licence of each package in an environment, but for the project itself.

    Raises:
        UndeclaredLicense: one of them does not say.
    """
    return {_name(each): license_of(each) for each in distributions(path=[str(folder)]) if _name(each) != "arm-relay"}


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Whether an SPDX expression can be met with these licences alone. One with an exception is another licence.

    What cannot be read as an expression is not allowed.
    """
    try:
        parsed = _SPDX.parse(expression)
    except ExpressionError:
        return False
    return parsed is not None and _is_met(parsed, allowed)


def _is_met(expression: LicenseExpression, allowed: frozenset[str]) -> bool:
    if isinstance(expression, _SPDX.AND):
        return all(_is_met(each, allowed) for each in expression.args)
    if isinstance(expression, _SPDX.OR):
        return any(_is_met(each, allowed) for each in expression.args)
    return expression.render() in allowed


def license_of(package: Distribution) -> str:
    """A package's licence as an SPDX expression, or the name of its family.

    Raises:
        UndeclaredLicense: it does not say.
    """
    metadata = package.metadata
    stated = [metadata.get("License-Expression"), metadata.get("License")]
    for text in (each.strip() for each in stated if each and each not in {"Dual License", "UNKNOWN"}):
        known = _OTHER_NAMES.get(text.lower(), text)
        # Some have the whole text there.
        if re.fullmatch(r"[A-Za-z0-9.()+ -]{2,60}", known):
            return known
    name = _name(package)
    if expression := _READ_BY_US.get(name) or of_classifiers(metadata.get_all("Classifier") or []):
        return expression
    raise UndeclaredLicense(f"{name} does not say under which licence it is")


def of_classifiers(classifiers: Sequence[str]) -> str:
    """The licences that classifiers name. They say nothing of a choice, so all of them hold together."""
    names = [each.rpartition("::")[2].strip() for each in classifiers if each.startswith("License :: OSI Approved ::")]
    return " AND ".join(_OTHER_NAMES.get(name.lower(), name) for name in names)


def _name(package: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()


def table() -> str:
    """The licences of what is deployed, as the page has them."""
    rows = [f"| {name} | {named} |" for name, named in sorted(declared().items())]
    return "\n".join(["| package | licence |", "|---|---|", *rows])


def forbidden() -> list[str]:
    """The packages on this machine whose licence is not allowed there, and which."""
    return [
        f"{folder.relative_to(ROOT)}: {name} is under {named}"
        for folder in environments()
        for name, named in in_environment(folder).items()
        if not is_allowed(named, ON_MACHINES)
    ]


if __name__ == "__main__":
    found = forbidden()
    print(table(), *found, sep="\n")
    for missing in not_set_up():
        print(f"NOT LOOKED AT: {missing} is not set up here")
    sys.exit(bool(found))
