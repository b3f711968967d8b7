"""Claims: which job was taken up and which was withdrawn, for an instrument that cannot say it itself.

Whoever writes the claim of a job first has decided. A sender claims a job before it sends it; a look-up that
finds no claim writes one that says `withdrawn`, and so bars every sender that still comes. That is what makes an
absence sure. A claim that says `sent` does not tell whether anything arrived: ask the instrument.
"""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote

from agent.errors import Unreachable

Word = Literal["sent", "withdrawn"]


class Claims:
    """The claims in a folder, which every process that speaks to the instrument must see.

    Args:
        folder: Where they lie, a file each. It is made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, job: str, word: Word) -> bool:
        """Claim a job; False if it was claimed before, by whichever process.

        Raises:
            Unreachable: nothing can be written there.
        """
        path = self._path(job)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, scrap = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self.folder)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(word)
                    file.flush()
                    os.fsync(file.fileno())
                # A link never overwrites, and what it shows is whole.
                os.link(scrap, path)
            except FileExistsError:
                return False
            finally:
                Path(scrap).unlink(missing_ok=True)
            self._sync()
        except OSError as error:
            raise Unreachable(
                f"{self.folder} cannot be written to: {error}", "see to it"
            ) from error
        return True

    def word(self, job: str) -> Word | None:
        """What a job was claimed as; None if it was not.

        Raises:
            Unreachable: it cannot be read.
        """
        try:
            return cast(Word, self._path(job).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreachable(f"the claim of {job} cannot be read: {error}", "see to it") from error

    def _path(self, job: str) -> Path:
        return self.folder / f"{quote(job, safe=' ')}.claim"

    def _sync(self) -> None:
        """A claim survives a power cut, where the file system can sync a folder."""
        with contextlib.suppress(OSError):
            descriptor = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
