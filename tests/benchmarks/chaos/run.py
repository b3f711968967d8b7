"""Make docs/results/chaos.json anew: what is doubled, lost or stuck when everything breaks.

python tests/benchmarks/chaos/run.py [--faults N] [--seed S]
"""

import argparse
import json
import os
import platform
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
warnings.simplefilter("ignore")

from scipy.stats import chi2  # noqa: E402

from agent.fingerprint import fingerprint  # noqa: E402
from tests.benchmarks.loop.run import git  # noqa: E402
from tests.lab.chaos import TRIALS, Chaos, chaos  # noqa: E402

TARGET = ROOT / "docs" / "results" / "chaos.json"
Figure = dict[str, str | float]


def main() -> None:
    """Suffer the faults, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    commit = git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "agent") else "")
    with TemporaryDirectory() as folder:
        found = chaos(Path(folder), asked.faults, asked.seed)
    for word in found.words():
        print(word)
    figures = list(_figures(found))
    for one in figures:
        print(f"  {one['name']}: {one['value']} [{one['low']:.3g}, {one['high']:.3g}]")
    print_of = fingerprint()
    document = {
        "command": f"make chaos FAULTS={asked.faults} SEED={asked.seed}",
        "commit": commit,
        "versions": {k: v for k, v in print_of.items() if k not in {"machine", "processor"}},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {print_of['processor']}",
        "figures": figures,
    }
    TARGET.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    sys.exit(1 if found.words() else 0)


def _figures(found: Chaos) -> list[Figure]:
    """Counts; of what must not happen the limits are the 95 % ones of a Poisson mean."""
    exact = {
        "faults": found.faults.total(),
        "chaos_campaigns": len(found.judgements) + len(found.stuck),
        "chaos_trials": TRIALS * len(found.judgements),
        "persons_asked": found.asked,
        **{
            f"faults_{name.replace(',', '').replace(' ', '_')}": n
            for name, n in found.faults.items()
        },
    }
    rare = {
        "double_executions": found.total("doubles"),
        "lost_results": found.total("losses"),
        "stuck_campaigns": len(found.stuck),
        "chaos_other": found.total("faults"),
    }
    told: list[Figure] = [
        {"name": name, "value": n, "low": n, "high": n} for name, n in sorted(exact.items())
    ]
    for name, n in rare.items():
        low = float(chi2.ppf(0.025, 2 * n)) / 2 if n else 0.0
        told.append({"name": name, "value": n, "low": low, "high": float(chi2.ppf(0.975, 2 * n + 2)) / 2})  # fmt: skip
    return told


if __name__ == "__main__":
    main()
