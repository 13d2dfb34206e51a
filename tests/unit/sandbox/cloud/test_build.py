from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cloud.build import digest, is_current


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("template.yaml", "functions/webhook/app.py", "layers/relay/arm_relay/money.py", "README.md"):
        _write(tmp_path / name, "before")
    return tmp_path


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: _write(root / "template.yaml", "after"),
        lambda root: _write(root / "functions/webhook/app.py", "after"),
        lambda root: _write(root / "layers/relay/arm_relay/new.py", ""),
        lambda root: (root / "layers/relay/arm_relay/money.py").unlink(),
        lambda root: (root / "functions/webhook").rename(root / "functions/other"),
    ],
    ids=["template", "function", "new file", "deleted file", "renamed folder"],
)
def test_a_changed_source_makes_the_build_stale(root: Path, change: Callable[[Path], object]) -> None:
    before = digest(root)
    change(root)

    assert digest(root) != before


@pytest.mark.parametrize("name", ["README.md", "layers/relay/arm_relay/__pycache__/money.cpython-313.pyc"])
def test_what_is_not_built_does_not_make_the_build_stale(root: Path, name: str) -> None:
    before = digest(root)
    _write(root / name, "after")

    assert digest(root) == before


def test_a_build_is_current_when_its_stamp_has_the_digest_of_the_sources(tmp_path: Path) -> None:
    _write(tmp_path / "build/template.yaml", "")
    _write(tmp_path / "stamp", "digest")

    assert is_current(tmp_path / "build", tmp_path / "stamp", "digest")
    assert not is_current(tmp_path / "build", tmp_path / "stamp", "another")


def test_a_build_without_its_stamp_or_its_template_is_not_current(tmp_path: Path) -> None:
    _write(tmp_path / "build/template.yaml", "")
    _write(tmp_path / "stamp", "digest")

    assert not is_current(tmp_path / "build", tmp_path / "gone", "digest")
    assert not is_current(tmp_path / "gone", tmp_path / "stamp", "digest")
