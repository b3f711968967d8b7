"""Make docs/results/chaos.json anew: what is doubled, lost or stuck when everything breaks.

python tests/benchmarks/chaos/run.py [--faults N] [--server-faults N] [--seed S]
"""

import argparse
import os
import re
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
warnings.simplefilter("ignore")

from scipy.stats import chi2  # noqa: E402

from tests.benchmarks.written import commit, write  # noqa: E402
from tests.lab.chaos import chaos  # noqa: E402
from tests.lab.disk import no_disk  # noqa: E402
from tests.lab.ordeals import SERVERS, SMALL  # noqa: E402
from tests.lab.scene import Chaos  # noqa: E402

Figure = dict[str, str | float]


def main() -> None:
    """Suffer the faults, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--server-faults", type=int, default=80, help="at each real server")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    of = commit()
    found: dict[str, Chaos] = {}
    with TemporaryDirectory() as folder:
        why_not = no_disk(Path(folder) / "disk")
        for name, ordeal in {**SMALL, **SERVERS}.items():
            faults = asked.faults if name in SMALL else asked.server_faults
            found[name] = chaos(Path(folder) / name, ordeal, faults, asked.seed)
            print(name, *found[name].words(), sep="\n")
    if why_not is not None:
        print(f"no disk was full: {why_not}")
    figures = [_figure("disk_mounted", int(why_not is None)), *_figures(_together(found.values()))]
    for name, one in found.items():
        figures += _figures(one, f"{name}_")
    for told in figures:
        print(f"  {told['name']}: {told['value']} [{told['low']:.3g}, {told['high']:.3g}]")
    write(
        "chaos",
        f"make chaos FAULTS={asked.faults} SERVER_FAULTS={asked.server_faults} SEED={asked.seed}",
        of,
        figures,
    )
    sys.exit(1 if any(one.words() for one in found.values()) else 0)


def _together(found: Iterable[Chaos]) -> Chaos:
    """All of it as if at one laboratory."""
    whole = Chaos()
    for one in found:
        whole.faults.update(one.faults)
        whole.judgements += one.judgements
        whole.stuck += one.stuck
        whole.unsaid += one.unsaid
        whole.trials += one.trials
        whole.asked += one.asked
    return whole


def _figures(found: Chaos, at: str = "") -> list[Figure]:
    """Counts, at one laboratory; of what must not happen the limits are the 95 % ones of a Poisson mean."""
    exact = {
        "faults": found.faults.total(),
        "chaos_campaigns": len(found.judgements) + len(found.stuck),
        "chaos_trials": found.trials,
        "persons_asked": found.asked,
        **{f"faults_{_written(name)}": n for name, n in found.faults.items()},
    }
    rare = {
        "double_executions": found.total("doubles"),
        "lost_results": found.total("losses"),
        "stuck_campaigns": len(found.stuck),
        "chaos_other": found.total("faults") + len(found.unsaid),
    }
    told = [_figure(at + name, n) for name, n in sorted(exact.items())]
    for name, n in rare.items():
        low = float(chi2.ppf(0.025, 2 * n)) / 2 if n else 0.0
        told.append(_figure(at + name, n, low, float(chi2.ppf(0.975, 2 * n + 2)) / 2))
    return told


def _figure(name: str, n: int, low: float | None = None, high: float | None = None) -> Figure:
    return {
        "name": name,
        "value": n,
        "low": n if low is None else low,
        "high": n if high is None else high,
    }


def _written(kind: str) -> str:
    """The kind of a fault as part of a figure's name."""
    return re.sub(r"[^a-z]+", "_", kind.lower())


if __name__ == "__main__":
    main()
