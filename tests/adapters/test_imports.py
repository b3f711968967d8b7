"""Adapters import only what they talk to, and say which extra is missing."""

import subprocess
import sys

import pytest


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_people_and_functions_need_no_heavy_packages() -> None:
    heavy = "{'torch', 'pandas', 'numpy', 'pymatgen', 'ase', 'chgnet', 'pytest'}"
    modules = "adapters.bluesky, adapters.files, adapters.function"
    code = f"import sys, {modules}; print({heavy} & sys.modules.keys())"
    assert run(code).strip() == "set()"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("missing", "adapter", "extra"),
    [("ase", "chgnet", "oracles"), ("chgnet", "chgnet", "oracles"), ("sila2", "sila", "sila")],
)
def test_a_missing_extra_is_named(missing: str, adapter: str, extra: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
try:
    import adapters.{adapter}
except Exception as error:
    print(type(error).__name__, error)
"""
    said = run(code)
    assert said.startswith("MissingExtra")
    assert f'pip install "athanor[{extra}]"' in said
