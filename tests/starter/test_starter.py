"""A new package is complete: it keeps the contract, is clean, is found once it is installed."""

import importlib
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml

from adapters.claims import Claims
from adapters.testing import job_for
from agent.errors import AdapterError, Unreachable
from agent.starter import FILES, Made, start

ROOT = Path(__file__).parents[2]
NAMES = ("a", "uv-cell", "furnace_2", "a" * 30)


def run(*words: str, at: Path, paths: tuple[Path, ...] = (ROOT,), **env: str) -> str:
    """What a program says that must succeed."""
    path = os.pathsep.join(map(str, paths))
    done = subprocess.run(
        words,
        cwd=at,
        env={**os.environ, "PYTHONPATH": path, "MYPYPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return start("uv-cell", tmp_path / "athanor-uv-cell")


def test_every_template_becomes_a_file(made: Made) -> None:
    there = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*.*")}
    assert there == set(made.files)
    templates = {path.name for path in (ROOT / "agent/starter/files").iterdir()}
    assert templates == FILES.keys()


def test_it_says_where_campaigns_find_it(made: Made) -> None:
    project = tomllib.loads((made.folder / "pyproject.toml").read_text())
    points = project["project"]["entry-points"]["athanor.adapters"]
    assert points == {"uv-cell": "athanor_uv_cell:UvCellAdapter"}
    operators = yaml.safe_load((made.folder / "operators.yaml").read_text())
    assert operators["adapters"] == points


def test_what_is_to_be_changed_is_marked(made: Made) -> None:
    device = (made.folder / "athanor_uv_cell" / "device.py").read_text()
    assert [n for n in range(1, 10) if f"CHANGE {n}:" in device] == [1, 2, 3, 4, 5]
    for file in ("harmless.yaml", "campaign.yaml", "tests/test_uv_cell.py"):
        assert "# CHANGE" in (made.folder / file).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_package_is_clean_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    folder = start(name, tmp_path / "made").folder
    run(tool("ruff"), "check", "--no-cache", ".", at=folder)
    run(tool("ruff"), "format", "--no-cache", "--check", ".", at=folder)


def test_the_package_keeps_the_contract_as_it_stands(made: Made) -> None:
    said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", at=made.folder)
    assert "17 passed" in said


MAKES = {
    "device.py": [
        ('OBJECTIVES: dict[str, str] = {"signal": "1"}', "OBJECTIVES: dict[str, str] = {}"),
        ('Run("done", values, executed', 'Run("done", {}, executed, place="slot 3"'),
    ],
    "test_uv_cell.py": [('{"signal": "1"}', "{}")],
}
"""It heats a sample, and measures nothing."""

TAKES = {
    "device.py": [
        ('{"temperature": ("degC", 20.0, 80.0)}', "{}"),
        ('line["parameters"]["temperature"]', 'line["sample"].removeprefix("film-")'),
    ],
    "test_uv_cell.py": [
        ("import AdapterContract, job_for", "import AdapterContract, Laid, job_for"),
        (
            'job_for({"temperature": (40.0, "degC")}, {"signal": "1"})',
            'job_for({}, {"signal": "1"}, sample=Laid(code="film-55"))',
        ),
    ],
}
"""It is set nothing, and reads a sample that another has made."""


@pytest.mark.parametrize("changes", [MAKES, TAKES], ids=["makes", "takes"])
def test_it_becomes_one_step_of_several_by_its_device_alone(
    made: Made, changes: dict[str, list[tuple[str, str]]]
) -> None:
    for name, pairs in changes.items():
        (path,) = made.folder.rglob(name)
        for old, new in pairs:
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, new))
    said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", at=made.folder)
    assert "17 passed" in said


def test_where_a_sample_lies_and_how_it_was_made_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = start("maker", tmp_path / "made").folder
    device = folder / "athanor_maker" / "device.py"
    for old, new in MAKES["device.py"]:
        device.write_text(device.read_text().replace(old, new))
    monkeypatch.syspath_prepend(folder)
    cls = importlib.import_module("athanor_maker").MakerAdapter
    adapter = cls(cls.Settings(folder=tmp_path, seconds=1e-9))
    job = job_for({"temperature": (40.0, "degC")}, {})
    adapter.start(job, adapter.prepare(job), lambda _: None)
    outcome = adapter.collect(job, adapter.prepare(job))
    (trial,) = job.trials
    assert (outcome.state, outcome.measurements) == ("done", ())
    assert outcome.executed == {trial: {"temperature": 40.0}}
    assert outcome.places == {trial: "slot 3"}


def test_nobody_is_sure_of_a_sender_that_died_between_its_claim_and_its_device(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(made.folder)
    package = importlib.import_module("athanor_uv_cell")
    adapter = package.UvCellAdapter(package.UvCellAdapter.Settings(folder=tmp_path))
    job = job_for({"temperature": (40.0, "degC")}, {"signal": "1"})
    assert Claims(tmp_path / "claims").take(job.id, "sent")
    sighting = adapter.find(job, adapter.prepare(job))
    assert (sighting.state, sighting.sure) == ("absent", False)
    with pytest.raises(Unreachable, match="was sent before"):
        adapter.start(job, adapter.prepare(job), lambda _: None)
    assert adapter.collect(job, adapter.prepare(job)).state == "lost"


@pytest.mark.slow
def test_its_types_are_right(made: Made) -> None:
    run(tool("mypy"), "--cache-dir", os.devnull, at=made.folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_once_it_is_installed_it_is_found_and_runs(made: Made, tmp_path: Path) -> None:
    """In an environment of its own, which borrows the packages of this one."""
    own = tmp_path / "own"
    run(sys.executable, "-m", "venv", "--without-pip", str(own), at=tmp_path)
    python = str(own / "bin" / "python")
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", at=tmp_path)
    borrowed = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n"
    (Path(site.strip()) / "borrowed.pth").write_text(borrowed)
    words = ("-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index")
    run(python, *words, "--editable", str(made.folder), at=tmp_path)
    limits = tmp_path / "limits.yaml"  # the operators' file without the name, which is found now
    text = (made.folder / "operators.yaml").read_text()
    limits.write_text("instruments:" + text.partition("instruments:")[2])
    env = {"ATHANOR_STORE": str(tmp_path / "store.db"), "ATHANOR_OPERATORS": str(limits)}
    listed = run(python, "-m", "agent", "adapter", "list", at=tmp_path, **env)
    assert "uv-cell" in listed and "athanor-uv-cell 0.1.0" in listed
    harmless = str(made.folder / "harmless.yaml")
    words = ("-m", "agent", "adapter", "test", "uv-cell", "--settings", harmless, "--yes")
    assert "16 kept, 0 not kept, 1 not tried" in run(python, *words, at=tmp_path, **env)


@pytest.mark.parametrize(
    "name", ["", "UV", "2d", "uv cell", "uv--cell", "-uv", "uv.cell", "a" * 31]
)
def test_a_name_that_cannot_be_one_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="no name for an adapter"):
        start(name, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_nothing_is_overwritten(made: Made) -> None:
    device = made.folder / "athanor_uv_cell" / "device.py"
    device.write_text("my own work")
    with pytest.raises(AdapterError, match="is there already, and is left as it is"):
        start("uv-cell", made.folder)
    assert device.read_text() == "my own work"


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="there is an adapter 'table' already"):
        start("table", tmp_path / "made", taken=("table",))
