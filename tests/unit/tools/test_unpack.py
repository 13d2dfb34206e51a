import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools import unpack
from tools.unpack import PACKAGES, STAMP, Package, UnpackError, check, extracted, reason


def a_tarball(folder: Path, files: Mapping[str, str]) -> Path:
    path = folder / "sample-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def sha512(path: Path) -> str:
    return hashlib.sha512(path.read_bytes()).hexdigest()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A tarball as npm packs one."""
    return a_tarball(
        tmp_path, {"package/package.json": "{}", "package/emulator/a.jar": "A", "package/emulator/lib/b.so": "B"}
    )


def an_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of this name on the PATH, before all others; `$4` is the folder for the tarball."""
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")


def a_package(tarball: Path, folder: str = "package/emulator") -> Package:
    return Package(name="sample@1.0.0", sha512=sha512(tarball), folder=folder)


def test_the_folder_is_unpacked_without_the_rest_and_stamped(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_npm(tmp_path, f'cp {sample} "$4"', monkeypatch)

    unpack.unpack(a_package(sample), tmp_path / "tools" / "sample", timeout=10)

    files = {str(path.relative_to(tmp_path / "tools")) for path in (tmp_path / "tools").rglob("*") if path.is_file()}
    assert files == {"sample/a.jar", "sample/lib/b.so", f"sample/{STAMP}"}


def test_what_is_there_is_not_fetched_again(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_npm(tmp_path, f'cp {sample} "$4"; echo called >> {tmp_path}/calls', monkeypatch)

    for _ in range(2):
        unpack.unpack(a_package(sample), tmp_path / "sample", timeout=10)

    assert (tmp_path / "calls").read_text() == "called\n"


def test_another_version_replaces_what_is_there(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_npm(tmp_path, f'cp {sample} "$4"', monkeypatch)
    old = tmp_path / "sample"
    old.mkdir()
    (old / "old.jar").touch()
    (old / STAMP).write_text("another digest")

    unpack.unpack(a_package(sample), old, timeout=10)

    assert not (old / "old.jar").exists()
    assert (old / "a.jar").exists()


def test_a_file_with_another_digest_is_refused(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_npm(tmp_path, f'cp {sample} "$4"', monkeypatch)
    package = Package(name="sample@1.0.0", sha512="0" * 128, folder="package/emulator")

    with pytest.raises(UnpackError, match=r"sample-1\.0\.0\.tgz is not the expected file"):
        unpack.unpack(package, tmp_path / "sample", timeout=10)

    assert not (tmp_path / "sample").exists()


def test_the_expected_digest_passes(sample: Path) -> None:
    check(sample, sha512(sample))


def test_a_registry_that_does_not_answer_is_waited_for_so_long_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_npm(tmp_path, "exec sleep 60", monkeypatch)
    package = Package(name="sample@1.0.0", sha512="", folder="package")

    with pytest.raises(UnpackError, match=r"did not deliver sample@1\.0\.0 within 0\.2 s"):
        unpack.unpack(package, tmp_path / "sample", timeout=0.2)

    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_what_npm_says_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_npm(tmp_path, "echo 'npm error code E404' >&2; echo 'npm error 404 Not Found' >&2; exit 1", monkeypatch)
    package = Package(name="sample@1.0.0", sha512="", folder="package")

    with pytest.raises(UnpackError, match=r"npm could not fetch sample@1\.0\.0: 404 Not Found"):
        unpack.unpack(package, tmp_path / "sample", timeout=10)


def test_npm_that_says_nothing_leaves_no_reason() -> None:
    assert reason("") == "it did not say why"


def test_a_missing_npm_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UnpackError, match="there is no npm on the PATH"):
        unpack.unpack(PACKAGES["swagger-ui"], tmp_path / "sample", timeout=10)


def test_a_missing_folder_is_named(sample: Path, tmp_path: Path) -> None:
    with pytest.raises(UnpackError, match="has no folder package/other"):
        extracted(sample, "package/other", tmp_path / "out")


@pytest.mark.parametrize("name", ["package/../../escaped", "package/../package/../../escaped"])
def test_nothing_is_written_outside_the_folder(name: str, tmp_path: Path) -> None:
    tarball = a_tarball(tmp_path, {"package/a": "A", name: "escaped"})

    with pytest.raises(UnpackError, match="cannot be unpacked"):
        extracted(tarball, "package", tmp_path / "out")

    assert not (tmp_path / "escaped").exists()


def test_a_file_that_is_no_tarball_is_named(tmp_path: Path) -> None:
    (tmp_path / "sample.tgz").write_text("<html>")

    with pytest.raises(UnpackError, match="cannot be unpacked"):
        extracted(tmp_path / "sample.tgz", "package", tmp_path / "out")


@pytest.mark.parametrize(("option", "code"), [([], 1), (["--optional"], 0)])
def test_what_is_optional_is_left_out_with_one_line(
    option: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(unpack, "TOOLS", tmp_path / "tools")

    assert unpack.main([*option, "swagger-ui"]) == code

    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no npm on the PATH" in line
