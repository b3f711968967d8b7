"""Make docs/results/night.json anew: a simulated night, and what was found in the morning.

python tests/benchmarks/night/run.py [--scale N] [--pages FOLDER]
"""

import argparse
import os
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
warnings.simplefilter("ignore")

from tests.benchmarks.written import commit, write  # noqa: E402
from tests.lab.night.running import HOURS  # noqa: E402
from tests.lab.night.story import spent  # noqa: E402


def main() -> None:
    """Spend the night, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=240, help="so much faster than the clock")
    parser.add_argument("--pages", type=Path, help="folder for the campaigns' reports")
    asked = parser.parse_args()
    if asked.pages is not None:
        asked.pages.mkdir(parents=True, exist_ok=True)
    of = commit()
    with TemporaryDirectory() as folder:
        morning = spent(Path(folder) / "night", asked.scale, asked.pages)
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
    write("night", f"make night SCALE={asked.scale:g}", of, figures, story=morning.story)
    sys.exit(1 if morning.doubled or morning.lost or morning.stuck or morning.astray else 0)


if __name__ == "__main__":
    main()
