"""The way from a bare machine to an environment: the first check, and the locks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).parents[1]
LOCKS = ("base", "demo", "dev")
CUDA_ONLY = re.compile(
    r"(cuda|nvidia)-(?!ml-py3$)|triton$"
)  # nvidia-ml-py3 is chgnet's, on any machine
X86 = "Linux x86_64"


def pins(name: str) -> dict[str, str]:
    """Return what a lock installs: package to version."""
    lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    found = {}
    for requirement in re.sub(r"\\\n", "", lock).splitlines():
        if not requirement or requirement.startswith(("#", "    #")):
            continue
        pin, *hashes = re.split(r"\s+--hash=", requirement)
        match = re.fullmatch(r"([a-z0-9-]+)==([^\s;*]+)(?: ; .+)?", pin.strip())
        assert match, f"not pinned by ==: {requirement[:80]}"
        assert hashes, f"no hash: {pin}"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value.strip()) for value in hashes), pin
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10)])
def test_an_old_python_is_told_what_to_do(version: tuple[int, ...]) -> None:
    line = bootstrap.problem(version, missing=["ensurepip"], platform_name=X86, can_compile=False)
    assert line == (
        f"Python 3.{version[1]} is too old: Athanor needs 3.11 or newer. "
        "Install one, then name it: make demo PYTHON=python3.12"
    )


def test_an_old_python_names_the_newer_one_beside_it() -> None:
    line = bootstrap.problem((3, 9, 2), [], X86, can_compile=True, others=("python3.11",))
    assert line.endswith("Name the newer one that is here: make demo PYTHON=python3.11")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (["ensurepip"], "it lacks ensurepip."),
        (["venv", "ensurepip"], "it lacks venv and ensurepip."),
    ],
)
def test_a_missing_venv_module_names_the_package_to_install(missing: list[str], named: str) -> None:
    line = bootstrap.problem((3, 11, 2), missing, X86, can_compile=True)
    assert line.startswith("This Python 3.11 cannot make an environment: ")
    assert named in line
    assert line.endswith("apt install python3-venv")


@pytest.mark.parametrize(
    ("version", "platform_name"),
    [((3, 13, 0), X86), ((3, 11, 7), "Linux aarch64"), ((3, 13, 1), "Darwin arm64")],
)
def test_where_chgnet_has_no_wheel_a_compiler_is_asked_for(
    version: tuple[int, ...], platform_name: str
) -> None:
    assert "apt install gcc" in bootstrap.problem(version, [], platform_name, can_compile=False)
    assert bootstrap.problem(version, [], platform_name, can_compile=True) == ""


@pytest.mark.parametrize("platform_name", [X86, "Darwin arm64", "Darwin x86_64", "Windows AMD64"])
@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1)])
def test_nothing_is_in_the_way_of_a_good_python(
    version: tuple[int, ...], platform_name: str
) -> None:
    assert bootstrap.problem(version, [], platform_name, can_compile=False) == ""


def test_this_python_passes_and_nothing_is_printed() -> None:
    script = ROOT / "tools" / "bootstrap.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_by_hash_and_leaves_torch_out(name: str) -> None:
    packages = pins(name)
    assert {"botorch", "gpytorch", "numpy", "prefect", "pydantic", "setuptools"} <= packages.keys()
    assert "torch" not in packages
    assert [package for package in packages if CUDA_ONLY.match(package)] == []


def test_torch_is_pinned_apart_by_its_exact_version() -> None:
    lines = (ROOT / "requirements" / "torch.txt").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if re.fullmatch(r"torch==\d+\.\d+\.\d+", line)]) == 1
    assert all(line.startswith(("#", "torch==")) for line in lines)


def test_each_lock_is_part_of_the_next() -> None:
    base, demo, dev = (pins(name) for name in LOCKS)
    assert base.items() < demo.items() < dev.items()
