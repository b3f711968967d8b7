"""Twenty sources of 400 rows and 100,000 candidates: how long a decision takes, and how much memory.

Beside it, in the same process, a decision without sources on the same candidates.
"""

import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.policy import InitialDesign, Policy
from agent.core.pools import CandidatesParameter, Pool, PoolRef
from agent.core.source import Source, SourceRow
from agent.core.space import SearchSpace
from agent.decide.propose import propose
from agent.decide.situation import Situation

CANDIDATES, SOURCES, SOURCE_ROWS, ROWS, WIDTH = 100_000, 20, 400, 12, 6
UP = Objective(name="y", unit="1", goal="maximise")
ROOT = Path(__file__).resolve().parents[3]


def measure() -> dict[str, float]:
    """In a process of its own: seconds of the first decision (with fitting the sources), of a later
    one, of one without sources, and the peak of memory in MB with sources over that without.
    """
    told = {}
    for sources in (0, SOURCES):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, str(sources)],
            capture_output=True, text=True, check=True, cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""},
        )  # fmt: skip
        told[sources] = json.loads(done.stdout.splitlines()[-1])
    return {
        "first": told[SOURCES]["first"],
        "later": told[SOURCES]["later"],
        "without": told[0]["later"],
        "memory_ratio": told[SOURCES]["memory"] / told[0]["memory"],
    }


def _alone(count: int) -> dict[str, float]:
    random = np.random.default_rng(0)
    cube = random.random((CANDIDATES, WIDTH))
    columns = {f"d{k}": tuple(column.tolist()) for k, column in enumerate(cube.T)}
    ids = tuple(f"c{k}" for k in range(CANDIDATES))
    # As the loader leaves it: named by its hash.
    pool = PoolRef(sha256="0" * 64, rows=CANDIDATES, labels=(), descriptors=tuple(columns))
    space = SearchSpace(
        parameters=(CandidatesParameter(name="candidate", file="pool.csv", pool=pool),),
        pools={"candidate": Pool(ids=ids, descriptors=columns)},
    )
    waves = random.normal(0, 3, (WIDTH, 20))

    def response(X: np.ndarray, shift: float) -> np.ndarray:
        return np.cos(X @ waves + shift).sum(1)

    sources = []
    for number in range(count):
        some = random.choice(CANDIDATES, SOURCE_ROWS, replace=False)
        values = response(cube[some], 0.1 * (number % 5)) + 0.1 * random.standard_normal(
            SOURCE_ROWS
        )
        pairs = zip(some, values.tolist(), strict=True)
        rows = tuple(SourceRow(point={"candidate": ids[k]}, value=value) for k, value in pairs)
        sources.append(Source(name=f"s{number}", trust="similar", rows=rows))
    some = random.choice(CANDIDATES, ROWS, replace=False)
    values = response(cube[some], 0.0)
    measured = tuple(
        Row(id=str(k), trial=str(k), point={"candidate": ids[at]}, value=float(value))
        for k, (at, value) in enumerate(zip(some, values, strict=True))
    )
    policy = Policy(initial=InitialDesign(size=2))
    taken = []
    for number in range(3):
        asked = Situation(
            space, UP, policy, measured, sources=tuple(sources), seed=number, started=2 * ROWS
        )
        start = time.perf_counter()
        propose(asked, 1)
        taken.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"first": taken[0], "later": min(taken[1:]), "memory": peak}


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(json.dumps(_alone(int(sys.argv[1]))))
