"""Make docs/results/peers.json anew: experiments to the best of a table, beside what others make.

python tests/benchmarks/peers/run.py [--seeds N] [--jobs J] [--only PART ...]
python tests/benchmarks/peers/run.py --made [--seeds N]    the file from runs that were made, and no others
python tests/benchmarks/peers/run.py --methods NAME ... [--contests WORD ...]    prints, and writes nothing
python tests/benchmarks/peers/run.py --development LANDSCAPES [--methods NAME ...]    the same on made-up ones

Runs that were made are kept in build/peers.jsonl (or `--kept`), so that a benchmark that was ended goes
on. Recorded experiments come from `../shared/data` (or ATHANOR_DATA).
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from tests.benchmarks.kept import Kept  # noqa: E402
from tests.benchmarks.peers.figures import Counts, figures, line  # noqa: E402
from tests.benchmarks.peers.play import TOP1, TOP5, reached, trace  # noqa: E402
from tests.benchmarks.peers.strategies import EVERY, METHODS, code  # noqa: E402
from tests.benchmarks.peers.tables import contest_of, contests, made_up  # noqa: E402
from tests.benchmarks.transfer.figures import Figure  # noqa: E402
from tests.benchmarks.transfer.problems import data  # noqa: E402
from tests.benchmarks.written import commit, figures_of, write  # noqa: E402

KEPT = ROOT / "build" / "peers.jsonl"


class Asked(argparse.Namespace):
    """What is asked for."""

    seeds: int
    jobs: int
    only: list[str]
    methods: list[str] | None
    contests: list[str]
    development: int
    made: bool
    kept: Path


@dataclass(frozen=True)
class Task:
    """One run: a contest, a method, a seed."""

    contest: str
    method: str
    seed: int

    @property
    def name(self) -> str:
        """What it is kept under."""
        return f"{self.contest}|{self.method}|{self.seed}"


def _code(task: Task) -> str:
    return f"{code(task.method)}-{contest_of(task.contest).digest}"


def _run(task: Task) -> tuple[Task, list[float]]:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    method = EVERY[task.method]
    return task, trace(contest_of(task.contest), method.suggest, task.seed, method.starts)


def counted(asked: Asked, methods: list[str]) -> Counts:
    """Experiments that each method has needed on each contest; a line is printed for each contest."""
    runs = Kept(asked.kept, _run, _code)
    found: Counts = {}
    every = made_up(asked.development) if asked.development else contests()
    for name, contest in every.items():
        if asked.contests and not any(word in name for word in asked.contests):
            continue
        seeds = list(range(asked.seeds))
        if asked.made:
            seeds = [s for s in seeds if all(runs.has(Task(name, m, s)) for m in methods)]
        if not seeds:
            continue
        runs.of([Task(name, m, s) for s in seeds for m in methods], asked.jobs)
        found[name] = {
            method: np.array(
                [
                    [reached(contest, runs.best(Task(name, method, seed)), top)
                     for top in (TOP1, TOP5)]
                    for seed in seeds
                ], dtype=float,
            )
            for method in methods
        }  # fmt: skip
        print(line(name, found[name]), flush=True)
    return found


def competed(asked: Asked) -> Iterator[Figure]:
    """Every method on every contest."""
    counts = counted(asked, asked.methods or list(METHODS))
    some = {name: contest_of(name) for name in counts}
    dimensions = {name: contest.dimensions for name, contest in some.items()}
    budgets = {name: contest.experiments for name, contest in some.items()}
    yield from figures(counts, dimensions, budgets)


def timed(asked: Asked) -> Iterator[Figure]:
    """One suggestion of ours beside one of Ax's and of BayBE's."""
    # Imported here: Ax and BayBE take seconds to load.
    from tests.benchmarks.peers import times

    del asked
    yield from times.measure()


PARTS: dict[str, Callable[[Asked], Iterator[Figure]]] = {"contests": competed, "times": timed}


def main() -> None:
    """Run the parts, and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--methods", nargs="*", choices=EVERY)
    parser.add_argument("--contests", nargs="*", metavar="WORD", default=[])
    parser.add_argument("--development", type=int, default=0, metavar="LANDSCAPES")
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--kept", type=Path, default=KEPT)
    asked = parser.parse_args(namespace=Asked())
    written = asked.methods is None and not asked.contests and not asked.development
    if written and data() is None:
        parser.error("no recorded experiments: set ATHANOR_DATA to their folder")
    # Before anything runs: the tree may go on changing while the figures are made.
    of = commit()
    for name in asked.only:
        print(f"{name} …", flush=True)
        found = list(PARTS[name](asked))
        for one in found:
            print(f"  {one['name']}: {one['value']:.3g} [{one['low']:.3g}, {one['high']:.3g}]")
        if written:
            _write(found, asked, of)


def _write(told: list[Figure], asked: Asked, of: str) -> None:
    old = figures_of("peers")
    merged = {one["name"]: one for one in [*old, *told]}
    write(
        "peers",
        f"make bench-peers SEEDS={asked.seeds}" + (", as far as it was run" * asked.made),
        of,
        [merged[name] for name in sorted(merged)],
    )


if __name__ == "__main__":
    main()
