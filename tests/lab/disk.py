"""A small disk of one's own, which may be full: a tmpfs, where this machine lets one be mounted."""

import errno
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Self

_BLOCK = 4096


class SmallDisk:
    """A file system of a few MiB at a folder.

    Args:
        folder: Where it is mounted.
        mib: Its size; a store's write-ahead log alone may take 4.

    Raises:
        OSError: this machine lets none be mounted: only its administrator may.
    """

    def __init__(self, folder: Path, mib: int = 16) -> None:
        self.folder, self._mib = folder, mib
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._mib}m", "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(errno.EPERM, f"no disk can be mounted here: {done.stderr.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: a process that was killed a moment ago may still be there.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def fill(self, left_kib: int = 0) -> None:
        """Let another file take all that is free, but for so much."""
        with self._filler.open("ab") as file:
            while self._free() > 1024 * left_kib:
                try:
                    os.write(file.fileno(), bytes(_BLOCK))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return

    def free(self) -> None:
        """Take the other file away."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "film.raw"

    def _free(self) -> int:
        told = os.statvfs(self.folder)
        return told.f_bavail * told.f_frsize


def no_disk(folder: Path) -> str | None:
    """Why no disk can be mounted here; None if one can."""
    try:
        with SmallDisk(folder):
            return None
    except OSError as error:
        return str(error.strerror)
    finally:
        folder.rmdir()


def damaged(file: str) -> list[str]:
    """What SQLite itself finds wrong with a file."""
    with closing(sqlite3.connect(file)) as connection:
        told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    return [] if told == ["ok"] else told
