"""The program as a process: what it imports, its exit codes, how it tells a fault."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "prefect", "ax", "pandas", "botorch", "pymatgen", "matplotlib", "sklearn", "pint"}


def python(code: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("status",),
        ("review", "nobody"),
        ("pause", "nobody"),
        ("doctor",),
        ("metrics",),
    ],
)
def test_what_is_looked_at_often_starts_without_the_heavy_packages(words, tmp_path):
    code = f"""
import sys
sys.argv = ["athanor", *{list(words)!r}]
import agent.assemble
agent.assemble.open_store({str(tmp_path / "s.db")!r}).close()
import os
os.environ["ATHANOR_STORE"] = {str(tmp_path / "s.db")!r}
from agent.cli import main
try:
    main()
except SystemExit:
    pass
print("LOADED", sorted(set(sys.modules) & {HEAVY!r}))
"""
    assert python(code).stdout.rstrip().endswith("LOADED []")


def test_a_fault_is_one_line_with_a_hint_and_an_exit_code(tmp_path):
    code = "import sys; sys.argv = ['athanor', 'status', '--store', sys.argv[1]]; from agent.cli import main; main()"
    done = python(code, str(tmp_path / "none.db"))
    assert done.returncode == 1
    assert done.stderr.startswith("error there is no store")
    assert "athanor store create" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["agent", "agent.cli"])
def test_without_its_script_it_is_called_by_its_module(module):
    words = [sys.executable, "-m", module, "--help"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=110, check=True)
    assert "Usage: athanor [OPTIONS] COMMAND" in told.stdout
