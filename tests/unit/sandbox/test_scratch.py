import os
from pathlib import Path

import pytest

from sandbox import scratch


def test_a_file_system_in_memory_with_room_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "ROOM", 1)

    assert scratch.place({}, tmp_path) == tmp_path


def test_the_folder_that_the_environment_names_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "ROOM", 1)

    assert scratch.place({"TMPDIR": "elsewhere"}, tmp_path) is None


def test_without_a_file_system_in_memory_the_systems_own_folder_is_taken(tmp_path: Path) -> None:
    assert scratch.place({}, tmp_path / "missing") is None


def test_without_room_in_memory_the_systems_own_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "ROOM", 1 << 60)

    assert scratch.place({}, tmp_path) is None


def test_memory_from_which_nothing_can_be_loaded_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "ROOM", 1)
    found = os.statvfs(tmp_path)
    fields = [*found[:8], found.f_flag | os.ST_NOEXEC, found.f_namemax]
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(fields))

    assert scratch.place({}, tmp_path) is None
