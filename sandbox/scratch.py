"""Where the sandbox keeps its files while it runs."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: A file system in memory, as Linux has it.
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 (only the folder above a temporary one)

#: What the unpacked environments of many functions take, in bytes.
ROOM: Final = 4 * 1024**3


def place(environment: Mapping[str, str], in_memory: Path = IN_MEMORY) -> Path | None:
    """The folder for temporary files: one in memory where there is room, None for the system's own.

    MiniStack unpacks two thousand files for each environment of a function, which a disk writes and removes several
    times more slowly. `TMPDIR` chooses another folder.
    """
    if environment.get("TMPDIR") or not in_memory.is_dir() or not os.access(in_memory, os.W_OK):
        return None
    # The functions' compiled modules must be loaded from there.
    is_executable = not os.statvfs(in_memory).f_flag & os.ST_NOEXEC
    return in_memory if is_executable and shutil.disk_usage(in_memory).free >= ROOM else None
