"""Runs that are kept in a file of lines: a benchmark that was ended goes on."""

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What can be run: two of one name are the same run."""

    @property
    def name(self) -> str:
        """What it is kept under."""


T = TypeVar("T", bound=Named)


class Kept(Generic[T]):
    """The best score so far after each experiment, of runs that were made.

    Only those count that were made by the very code that would make them now.

    Args:
        path: The file.
        run: Makes a run, in a process of its own.
        code: A hash of all that a run depends on.
    """

    def __init__(
        self, path: Path, run: Callable[[T], tuple[T, list[float]]], code: Callable[[T], str]
    ) -> None:
        self._path = path
        self._run = run
        self._code = code
        self._kept: dict[tuple[str, str], list[float]] = {}
        if path.is_file():
            for line in path.read_text().splitlines():
                one = json.loads(line)
                self._kept[one["name"], one["code"]] = one["best"]

    def of(self, tasks: Iterable[T], jobs: int) -> None:
        """Make those runs that are not kept yet."""
        missing = [task for task in dict.fromkeys(tasks) if self._key(task) not in self._kept]
        if not missing:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        with ProcessPoolExecutor(jobs) as pool, self._path.open("a") as file:
            for done, (task, best) in enumerate(pool.map(self._run, missing), 1):
                name, code = self._key(task)
                self._kept[name, code] = best
                file.write(json.dumps({"name": name, "code": code, "best": best}) + "\n")
                file.flush()
                if done % 100 == 0:
                    left = (time.perf_counter() - start) / done * (len(missing) - done)
                    print(f"{done} of {len(missing)}, {left / 60:.0f} min to go", flush=True)

    def has(self, task: T) -> bool:
        """Whether that run was made."""
        return self._key(task) in self._kept

    def best(self, task: T) -> list[float]:
        """The best score so far after each experiment of a run that was made."""
        return self._kept[self._key(task)]

    def _key(self, task: T) -> tuple[str, str]:
        return task.name, self._code(task)
