import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools.release import archive

FILES = {"template.yaml": "a", "layer/python/b.py": "b", "layer/python/a.py": "c", "sandbox.yaml": "d"}


def folder_of(parent: Path, name: str, names: list[str]) -> Path:
    folder = parent / name
    for each in names:
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_text(FILES[each])
    return folder


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    one = folder_of(tmp_path, "one", list(FILES))
    other = folder_of(tmp_path, "another/place", list(reversed(FILES)))
    for file in other.rglob("*.*"):
        os.utime(file, (0, 86400))
        file.chmod(0o700)

    archive.write(one, tmp_path / "one.zip")
    archive.write(other, tmp_path / "other.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_a_changed_file_makes_other_bytes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "one", list(FILES))
    archive.write(folder, tmp_path / "before.zip")
    (folder / "template.yaml").write_text("b")
    archive.write(folder, tmp_path / "after.zip")

    assert (tmp_path / "before.zip").read_bytes() != (tmp_path / "after.zip").read_bytes()


def test_files_come_back_readable_for_all_but_without_those_left_out(tmp_path: Path) -> None:
    archive.write(folder_of(tmp_path, "one", list(FILES)), tmp_path / "one.zip", frozenset({"sandbox.yaml"}))

    with ZipFile(tmp_path / "one.zip") as packed:
        assert packed.namelist() == ["layer/python/a.py", "layer/python/b.py", "template.yaml"]
        assert {oct(entry.external_attr >> 16) for entry in packed.infolist()} == {"0o100644"}
        assert packed.read("layer/python/a.py") == b"c"


def test_a_link_is_not_packed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "one", list(FILES))
    (folder / "link").symlink_to(folder / "template.yaml")

    with pytest.raises(ValueError, match="is a link"):
        archive.write(folder, tmp_path / "one.zip")


def test_an_empty_folder_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to pack"):
        archive.write(tmp_path, tmp_path / "one.zip")
