"""Who may import whom is a test; and a planted bad import breaks it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLANTED = {
    "agent/learn/encoding.py": "import agent.data.store",
    "agent/core/space.py": "import torch",
    "agent/decide/propose.py": "from adapters import table",
    "agent/loop.py": "import prefect",
    "agent/standing/__init__.py": "import sqlmodel",
    "agent/dispatch/send.py": "import agent.ingest.admit",
    "adapters/table.py": "import agent.loop",
    "agent/errors.py": "import agent.core.values",
}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )


def test_the_house_keeps_its_rules():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("place", PLANTED)
def test_a_planted_bad_import_breaks_them(place, tmp_path):
    for part in ("agent", "adapters"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert lint(tmp_path).returncode == 0
    file = tmp_path / place
    file.write_text(f"{file.read_text()}\n{PLANTED[place]}\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout
