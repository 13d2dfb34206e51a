"""A zip with the same bytes wherever and whenever it is made, by the same Python from the same files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

#: The oldest time that a zip can hold. Files in Lambda have it, too.
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
#: A file that all may read, in the place where a zip made on Unix has it.
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3


def write(folder: Path, archive: Path, without: frozenset[str] = frozenset()) -> None:
    """Pack the files of a folder, but for those with these names at its top.

    Neither the order in which the file system lists them, nor their times, nor their permissions make a difference.

    Raises:
        ValueError: there is a link, or no file at all.
    """
    names = sorted(file.relative_to(folder).as_posix() for file in _files(folder))
    wanted = [name for name in names if name not in without]
    if not wanted:
        raise ValueError(f"there is nothing to pack in {folder}")
    with ZipFile(archive, "w") as packed:
        for name in wanted:
            packed.writestr(_entry(name), (folder / name).read_bytes(), ZIP_DEFLATED, 9)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise ValueError(f"{path} is a link: a zip would hold what it leads to, or nothing")
        if path.is_file():
            yield path


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    return entry
