"""A pool of 100,000 candidates with 10 descriptors: time beside BoTorch's closed form, and memory."""

import subprocess
import sys
import time
import warnings

import numpy as np
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from torch import Tensor

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.policy import InitialDesign, Policy
from agent.core.pools import CandidatesParameter, Pool
from agent.core.space import SearchSpace
from agent.decide.candidates import listed
from agent.decide.choose import Chooser, scoring
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.encoding import Encoding
from agent.learn.surrogate import Surrogate, fit

CANDIDATES, DESCRIPTORS, ROWS, PAIRS = 100_000, 10, 50, 5
SMALL = 1000
CHUNK = 2048
OBJECTIVE = Objective(name="y", unit="1", goal="maximise")
POLICY = Policy(initial=InitialDesign(size=2))


def space_of(candidates: int) -> SearchSpace:
    """A pool of uniform descriptors."""
    numbers = np.random.default_rng(0).random((DESCRIPTORS, candidates))
    pool = Pool(
        ids=tuple(f"c{k:06d}" for k in range(candidates)),
        descriptors={f"d{k}": tuple(column.tolist()) for k, column in enumerate(numbers)},
    )
    return SearchSpace(
        parameters=(CandidatesParameter(name="candidate", file="pool.csv"),),
        pools={"candidate": pool},
    )


def rows_of(space: SearchSpace) -> tuple[Row, ...]:
    """Fifty measured candidates."""
    random = np.random.default_rng(1)
    pool = space.pools["candidate"]
    columns = np.array([pool.descriptors[f"d{k}"] for k in range(DESCRIPTORS)])
    chosen = random.choice(len(pool.ids), ROWS, replace=False)
    values = np.sin(3 * columns[0]) + columns[1] * columns[2] - columns[3] ** 2
    return tuple(
        Row(id=str(k), trial=str(k), point={"candidate": pool.ids[at]}, value=float(values[at]))
        for k, at in enumerate(chosen)
    )


def ours(space: SearchSpace, rows: tuple[Row, ...], surrogate: Surrogate) -> float:
    """Listing, encoding, closed form, Monte Carlo: everything but the fit, nothing kept before."""
    listed.cache_clear()
    start = time.perf_counter()
    fresh = Situation(space, OBJECTIVE, POLICY, rows, seed=0, started=ROWS)
    Encoding(space)
    next(Chooser(fresh, scoring(fresh, surrogate), []).choices(1))
    return time.perf_counter() - start


def plain(X: Tensor, surrogate: Surrogate) -> float:
    """BoTorch's LogExpectedImprovement of the same tensor, 2,048 at a time."""
    start = time.perf_counter()
    acquisition = LogExpectedImprovement(surrogate.model, best_f=1.0)
    with torch.no_grad():
        torch.cat([acquisition(chunk.unsqueeze(1)) for chunk in torch.split(X, CHUNK)]).argmax()
    return time.perf_counter() - start


def measure(pairs: int = PAIRS) -> dict[str, list[float]]:
    """Ratios: decision to closed form, a small pool's decision to its fit, peak memory to import."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {
                "pool_time": _large(pairs),
                "small_pool_over_fit": _small(pairs),
                "pool_memory": [peak("decide") / peak("import") for _ in range(5)],
            }
    finally:
        torch.set_num_threads(threads)


def peak(what: str) -> float:
    """Peak memory (MB) of a fresh process that decides, or only imports BoTorch."""
    command = "import botorch" if what == "import" else "import decide_pool; decide_pool.once()"
    script = f"import sys; sys.path[:0] = {_path()!r}; {command}; print(open('/proc/self/status').read())"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], check=True, capture_output=True, text=True
    )
    # VmHWM and not getrusage: the latter also counts the parent, before the new program started.
    line = next(line for line in found.stdout.splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024


def once() -> None:
    """One decision over the large pool."""
    space = space_of(CANDIDATES)
    rows = rows_of(space)
    propose(Situation(space, OBJECTIVE, POLICY, rows, seed=0, started=ROWS), 1)


def _path() -> list[str]:
    here = __file__.rsplit("/", 1)[0]
    return [here, here.rsplit("/tests/", 1)[0]]


def _large(pairs: int) -> list[float]:
    space = space_of(CANDIDATES)
    rows = rows_of(space)
    encoding = Encoding.of(space)
    surrogate = fit(encoding, rows, OBJECTIVE, seed=0)
    X = encoding.encoded(encoding.every())
    ratios = []
    for number in range(pairs + 1):
        if number % 2:
            mine, other = ours(space, rows, surrogate), plain(X, surrogate)
        else:
            other, mine = plain(X, surrogate), ours(space, rows, surrogate)
        ratios.append(mine / other)
    return ratios[1:]


def _small(pairs: int) -> list[float]:
    space = space_of(SMALL)
    rows = rows_of(space)
    ratios = []
    for seed in range(pairs + 1):
        start = time.perf_counter()
        fit(Encoding.of(space), rows, OBJECTIVE, seed)
        middle = time.perf_counter()
        propose(Situation(space, OBJECTIVE, POLICY, rows, seed=seed, started=ROWS), 1)
        ratios.append((time.perf_counter() - middle) / (middle - start))
    return ratios[1:]


if __name__ == "__main__":
    print(measure(), peak("decide"), peak("import"))
