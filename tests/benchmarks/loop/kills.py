"""How often `athanor run` was killed, and how many executions were doubled or lost: exactly counted.

    python -m tests.benchmarks.loop.kills [PER_SEAM AT_RANDOM]

The code is that of `tests/loop/test_kills.py`. The laboratory is a process of its own, which
executes whatever it is asked, every time, and counts. `low` and `high` are the 95 % limits of a
Poisson mean with that many events.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from scipy.stats import chi2

from tests.lab.ordeal import all_seams, ordeal

Figure = dict[str, str | float]


def measure(per_seam: int = 5, at_random: int = 50) -> list[Figure]:
    """Kill at each seam `per_seam` times and `at_random` times at any moment; what it came to.

    Raises:
        AssertionError: a campaign did not finish, or something else than doubles and losses is wrong.
    """
    with TemporaryDirectory() as folder:
        tally = ordeal(Path(folder), all_seams(per_seam), at_random, seed=2)
    assert not tally.total("faults"), tally.words()
    return [
        {"name": "kills", "value": tally.kills.total(), "low": tally.kills.total(), "high": tally.kills.total()},
        _figure("kill_doubles", tally.total("doubles")),
        _figure("kill_losses", tally.total("losses")),
    ]  # fmt: skip


def _figure(name: str, events: int) -> Figure:
    low = float(chi2.ppf(0.025, 2 * events)) / 2 if events else 0.0
    return {"name": name, "value": events, "low": low, "high": float(chi2.ppf(0.975, 2 * events + 2)) / 2}  # fmt: skip


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    print(json.dumps(measure(*given), indent=2))
