"""The shared folder in which run sheets lie: which sheet lies where, and how one gets there whole.

to_do/       handed out
done/        the person is finished
cancelled/   not to be done any more
STOP.txt     nothing is handed out while it is there
"""

import contextlib
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from agent.core.adapter import Health
from agent.errors import Refused, Unreachable

Place = Literal["done", "cancelled", "to_do"]

PLACES: tuple[Place, ...] = ("done", "cancelled", "to_do")
"""In the order in which they count, should a spreadsheet save a sheet back to its old place."""

STOP = "STOP.txt"


class Folder:
    """The folder at `root`, which must exist: a share that is not mounted is never made up."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def health(self) -> Health:
        """Unreachable if it is not there, locked while it holds STOP.txt."""
        if not self.root.is_dir():
            return Health(
                state="unreachable", reason=f"{self.root} is no folder: mount it, or make it"
            )
        if not os.access(self.root, os.W_OK):
            return Health(state="faulted", reason=f"{self.root} may not be written to")
        if (self.root / STOP).exists():
            return Health(state="locked", reason=f"{self.root / STOP} is there: remove it to go on")
        return Health(state="ready")

    def path(self, place: Place, job: str) -> Path:
        """Where the sheet of a job would lie."""
        return self.root / place / sheet_name(job)

    def place(self, job: str) -> Place | None:
        """Where the sheet of a job lies; nothing if it lies nowhere.

        Raises:
            Unreachable: the folder is not there.
        """
        if not self.root.is_dir():
            raise Unreachable(f"{self.root} is not there", "mount the share, or make the folder")
        return next((place for place in PLACES if self.path(place, job).is_file()), None)

    def read(self, place: Place, job: str) -> tuple[str, float]:
        """A sheet's text, and when it was saved (s since the epoch).

        Raises:
            Unreachable: it cannot be read now.
        """
        path = self.path(place, job)
        try:
            return _decoded(path.read_bytes()), path.stat().st_mtime
        except OSError as error:
            raise Unreachable(
                f"{path} cannot be read: {error}", "close it, then ask again"
            ) from error

    def hand_out(self, job: str, text: str) -> None:
        """Put a sheet into to_do/, whole or not at all; one that is there is left alone.

        Raises:
            Refused: nothing can be written there; no sheet was handed out.
        """
        target = self.path("to_do", job)
        try:
            target.parent.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=target.parent)
            with os.fdopen(descriptor, "wb") as file:
                # Excel takes a file for UTF-8, and its °C for what it is, only with this mark.
                file.write(text.encode("utf-8-sig"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Refused(f"{target.parent} takes no file: {error}", "check its rights") from error
        # A temporary file is private; the people at the bench have other accounts.
        Path(name).chmod(0o664)
        _into_place(Path(name), target)

    def cancel(self, job: str) -> None:
        """Move a sheet from to_do/ to cancelled/.

        Raises:
            Unreachable: it cannot be moved; somebody has it open, perhaps.
        """
        source, target = self.path("to_do", job), self.path("cancelled", job)
        try:
            target.parent.mkdir(exist_ok=True)
            shutil.move(source, target)
        except OSError as error:
            raise Unreachable(f"{source} cannot be moved: {error}", "close it") from error

    def finish(self, job: str) -> None:
        """Move a sheet that is filled in from to_do/ to done/, if nobody has it open."""
        target = self.path("done", job)
        with contextlib.suppress(OSError):
            target.parent.mkdir(exist_ok=True)
            shutil.move(self.path("to_do", job), target)

    def withdraw(self, job: str) -> None:
        """Bar a sheet that was never handed out: whoever still comes to hand it out is refused.

        Raises:
            Unreachable: nothing can be written there.
        """
        target = self.path("cancelled", job)
        try:
            target.parent.mkdir(exist_ok=True)
            target.write_text("Withdrawn before it was handed out.\n", encoding="utf-8")
        except OSError as error:
            raise Unreachable(f"{target} cannot be written: {error}", "check its rights") from error

    def take_back(self, job: str) -> None:
        """Take back a sheet that was handed out although it was withdrawn meanwhile."""
        self.path("to_do", job).unlink(missing_ok=True)

    def other_formats(self, job: str) -> list[str]:
        """Names of what lies in done/ for a job, but is no CSV file."""
        stem = sheet_name(job).removesuffix(".csv")
        return sorted(p.name for p in (self.root / "done").glob("*") if p.stem == stem)

    def stop(self, at: datetime) -> None:
        """Leave STOP.txt for everybody to see."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / STOP).write_text(
            "STOP. Put everything into its safe state.\n"
            f"Asked {at.isoformat()}. Remove this file when work may go on.\n",
            encoding="utf-8",
        )


def sheet_name(job: str) -> str:
    """A file name for a job's id; different for different ids."""
    return f"{quote(job, safe=' ')}.csv"


def _into_place(scrap: Path, target: Path) -> None:
    try:
        # Unlike a rename, a link never overwrites what somebody else has put there.
        os.link(scrap, target)
        scrap.unlink()
    except FileExistsError:
        scrap.unlink()
    except OSError:
        scrap.replace(target)
    # Some network file systems cannot sync a folder; the file itself is synced.
    with contextlib.suppress(OSError):
        _sync(target.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Western Excel writes as plain "CSV"; it has a character for nearly every byte.
        return content.decode("cp1252", errors="replace")
