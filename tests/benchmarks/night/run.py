"""Make docs/results/night.json anew: a simulated night, and what was found in the morning.

python tests/benchmarks/night/run.py [--scale N]
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

from agent.fingerprint import fingerprint  # noqa: E402
from tests.benchmarks.loop.run import git  # noqa: E402
from tests.lab.night.running import HOURS  # noqa: E402
from tests.lab.night.story import spent  # noqa: E402

TARGET = ROOT / "docs" / "results" / "night.json"


def main() -> None:
    """Spend the night, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=240, help="so much faster than the clock")
    asked = parser.parse_args()
    commit = git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "agent") else "")
    with TemporaryDirectory() as folder:
        morning = spent(Path(folder) / "night", asked.scale)
    print("\n".join(morning.story))
    told = {**morning._asdict(), "hours": HOURS}
    told |= {f"best_{name}": value for name, value in told.pop("best").items()}
    del told["story"]
    figures = [
        {"name": f"night_{name}", "value": value, "low": value, "high": value}
        for name, value in sorted(told.items())
    ]
    for one in figures:
        print(f"  {one['name']}: {one['value']:g}")
    print_of = fingerprint()
    document = {
        "command": f"make night SCALE={asked.scale:g}",
        "commit": commit,
        "versions": {k: v for k, v in print_of.items() if k not in {"machine", "processor"}},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {print_of['processor']}",
        "figures": figures,
        "story": morning.story,
    }
    TARGET.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    sys.exit(1 if morning.doubled or morning.lost or morning.stuck or morning.astray else 0)


if __name__ == "__main__":
    main()
