"""Make docs/results/loop.json anew: every figure of the loop, from runs made now.

python tests/benchmarks/loop/run.py [--only NAME ...] [--jobs N]
python tests/benchmarks/loop/run.py --development NAME [--seeds N]    prints, and writes nothing

Figures of parts that are not run are kept from the file that is there. Times are ratios of alternated
pairs, with their lowest and highest; fractions have 95 % limits.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent.parent
sys.path[:0] = [str(ROOT)]
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.benchmarks.loop import (  # noqa: E402
    backtests,
    batches,
    calibrated,
    censored,
    decide_pool,
    decide_suggestion,
    dispatching,
    dosed,
    failures,
    kills,
    priced,
    promises,
    questions,
    validated,
    whole,
)
from tests.benchmarks.written import commit, figures_of, write  # noqa: E402

Figure = dict[str, Any]


def ratio(name: str, values: list[float]) -> Figure:
    """A figure from pairs: median, lowest, highest."""
    value, low, high = whole.spread(values)
    return {"name": name, "value": round(value, 3), "low": round(low, 3), "high": round(high, 3)}


def suggestion(jobs: int) -> list[Figure]:
    """A suggestion beside plain BoTorch, over continuous and mixed spaces."""
    del jobs
    measured = decide_suggestion.measure()
    return [
        ratio("suggestion_over_botorch", measured["suggestion_continuous"]),
        ratio("suggestion_over_botorch_mixed", measured["suggestion_mixed"]),
    ]


def batch(jobs: int) -> list[Figure]:
    """A batch of 96 beside a single suggestion, over a box and over a pool of 2,500 points."""
    del jobs
    measured = batches.measure()
    return [
        ratio("batch_of_96_over_suggestion", measured["batch_box"]),
        ratio("batch_of_96_over_suggestion_pool", measured["batch_pool"]),
    ]


def pool(jobs: int) -> list[Figure]:
    """100,000 candidates: time beside the closed form, memory beside importing BoTorch."""
    del jobs
    measured = decide_pool.measure()
    return [
        ratio("pool_over_analytic", measured["pool_time"]),
        ratio("pool_memory_ratio", measured["pool_memory"]),
    ]


def backtest(jobs: int) -> list[Figure]:
    """A back-test of 50 experiments on 1,000 points beside a script with BoTorch."""
    del jobs
    return [ratio("backtest_over_botorch", whole.backtest())]


def status(jobs: int) -> list[Figure]:
    """`athanor status` beside importing what it is made of; a round's writes in a large store."""
    del jobs
    return [
        ratio("status_over_imports", whole.status()),
        ratio("bookkeeping_1000_trials_ms", whole.bookkeeping()),
    ]


def crashes(jobs: int) -> list[Figure]:
    """kill -9 at every seam and at random; the laboratory counts."""
    del jobs
    return kills.measure()


def recorded(jobs: int) -> list[Figure]:
    """Whole campaigns on recorded data; crossed_barrel with 50 seeds, the others with 20."""
    found = backtests.measure(50, jobs, ("crossed_barrel",))
    return [*found, *backtests.measure(20, jobs, ("agnp", "direct_arylation"))]


def failing(jobs: int) -> list[Figure]:
    """Campaigns where points fail: learning from it beside only not repeating it."""
    return failures.measure(20, jobs)


def promise(jobs: int) -> list[Figure]:
    """Campaigns that end when too little is left to gain: how often that was right."""
    return promises.measure(5, jobs)


def dispatch(jobs: int) -> list[Figure]:
    """Dispatch and collect beside the bare transactions; trials a second, with synchronous=FULL."""
    del jobs
    measured = dispatching.measure()
    return [
        ratio("dispatch_over_transactions", measured["ratio"]),
        ratio("dispatched_trials_a_second", measured["trials"]),
    ]


PARTS: dict[str, Callable[[int], list[Figure]]] = {
    "suggestion": suggestion,
    "batch": batch,
    "pool": pool,
    "backtest": backtest,
    "status": status,
    "dispatch": dispatch,
    "crashes": crashes,
    "recorded": recorded,
    "failures": failing,
    "promises": promise,
}


DEVELOPMENT: dict[str, Callable[[int, int], None]] = {
    "batches": batches.develop,
    "bounds": censored.develop,
    "bounds in campaigns": censored.develop_campaigns,
    "calibration": calibrated.develop,
    "costs": priced.develop,
    "changeovers": priced.develop_changes,
    "dosing": dosed.develop,
    "failures": failures.develop,
    "promises": promises.develop,
    "questions": questions.develop,
    "validation": validated.develop,
}
"""What choices were made on, by the part that judges them."""


def main() -> None:
    """Run the parts, and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--development", choices=DEVELOPMENT)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    if asked.development:
        DEVELOPMENT[asked.development](asked.seeds, asked.jobs)
        return
    # Before anything runs: the tree may go on changing while the figures are made.
    of = commit()
    for name in asked.only:
        print(f"{name} …", flush=True)
        keep(PARTS[name](asked.jobs), of)


def keep(figures: list[Figure], of: str) -> None:
    """Put figures into the file; those of other names stay."""
    old = figures_of("loop")
    names = {figure["name"] for figure in figures}
    merged = [figure for figure in old if figure["name"] not in names] + figures
    write("loop", "make bench", of, sorted(merged, key=lambda figure: str(figure["name"])))
    for figure in figures:
        print(
            f"  {figure['name']}: {figure['value']} [{figure['low']}, {figure['high']}]", flush=True
        )


if __name__ == "__main__":
    main()
