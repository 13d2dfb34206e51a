"""Which licences the dependencies have, and which are allowed: `python -m tools.dependencies.licenses` lists them.

A licence is what a package itself declares, by its SPDX name where it has one.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

from sandbox.paths import ROOT

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

#: Of packages that declare none: what their licence file is.
_READ_BY_US: Final[Mapping[str, str]] = {"axe-playwright-python": "MIT", "cookiecutter": "BSD-3-Clause"}

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


def in_environment(folder: Path) -> dict[str, str]:
    """The licence of each package in an environment, but for the project itself.

    Raises:
        UndeclaredLicense: one of them does not say.
    """
    return {_name(each): license_of(each) for each in distributions(path=[str(folder)]) if _name(each) != "arm-relay"}


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Whether one of the licences to choose from is allowed, and all that hold together are."""
    choices = re.split(r" OR ", expression.replace("(", "").replace(")", ""))
    return any(all(name in allowed for name in choice.split(" AND ")) for choice in choices)


def license_of(package: Distribution) -> str:
    """A package's licence as an SPDX expression, or the name of its family.

    Raises:
        UndeclaredLicense: it does not say.
    """
    for text in _statements(package):
        known = _OTHER_NAMES.get(text.lower(), text)
        # Some have the whole text there.
        if re.fullmatch(r"[A-Za-z0-9.()+ -]{2,60}", known):
            return known
    if _name(package) in _READ_BY_US:
        return _READ_BY_US[_name(package)]
    raise UndeclaredLicense(f"{_name(package)} does not say under which licence it is")


def _statements(package: Distribution) -> Iterator[str]:
    """What it says, the most exact first."""
    metadata = package.metadata
    stated = metadata.get("License-Expression"), metadata.get("License")
    yield from (text.strip() for text in stated if text and text not in {"Dual License", "UNKNOWN"})
    classifiers = metadata.get_all("Classifier") or []
    names = [each.rpartition("::")[2].strip() for each in classifiers if each.startswith("License :: OSI Approved ::")]
    yield " OR ".join(_OTHER_NAMES.get(name.lower(), name) for name in names)


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
    sys.exit(bool(found))
