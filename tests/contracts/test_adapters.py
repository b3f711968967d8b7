"""Every adapter of the house keeps the contract."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.files import FilesAdapter
from adapters.function import FunctionAdapter
from adapters.table import TableAdapter
from adapters.testing import AdapterContract, job_for, job_of, plan_for
from agent.core.adapter import Adapter
from agent.core.job import Job

TABLE = "t,solvent,yield\n20,water,1.5\n20,water,2.5\n40,water,3.5\n40,none,\n"


class TestTable(AdapterContract):
    @pytest.fixture
    def adapter(self, tmp_path: Path) -> Adapter:
        file = tmp_path / "table.csv"
        file.write_text(TABLE)
        return TableAdapter(
            TableAdapter.Settings(
                file=file, objectives={"yield": {"unit": "%"}}, noise_sd={"yield": 0.1}
            )
        )

    @pytest.fixture
    def good_job(self) -> Job:
        return job_for({"t": (20, "°C"), "solvent": "water"}, {"yield": "%"})

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"t": (20, "°C"), "solvent": "water", "x": 1}, {"yield": "%"})


class TestTableWithoutTheRow(TestTable):
    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"t": (30, "°C"), "solvent": "water"}, {"yield": "%"})


class TestFunction(AdapterContract):
    @pytest.fixture
    def adapter(self) -> Adapter:
        return FunctionAdapter(FunctionAdapter.Settings(function="branin", noise_sd=1.0))

    @pytest.fixture
    def good_job(self) -> Job:
        return job_for({"x1": 1.0, "x2": 2}, {"value": ""})

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"x1": 1.0, "x2": 2.0, "x3": 3.0}, {"value": ""})


class TestFunctionThatTakesItsTime(TestFunction):
    @pytest.fixture
    def adapter(self) -> Adapter:
        return FunctionAdapter(FunctionAdapter.Settings(function="branin", delay_s=0.05))


class TestFunctionOnAPlate(TestFunction):
    @pytest.fixture
    def good_job(self) -> Job:
        return job_of(
            *(
                plan_for({"x1": 0.1 * i, "x2": 2.0}, {"value": ""}, trial=f"k7f3q2-T{i:04}")
                for i in range(1, 9)
            )
        )

    @pytest.fixture
    def adapter(self) -> Adapter:
        return FunctionAdapter(FunctionAdapter.Settings(function="branin", max_trials_per_job=8))


class TestFiles(AdapterContract):
    """A sheet is executed once for each time that it lies in the folder."""

    @pytest.fixture
    def adapter(self, tmp_path: Path) -> Adapter:
        objectives = {"yield": "%", "purity": "%"}
        return FilesAdapter(
            FilesAdapter.Settings(
                folder=tmp_path, objectives=objectives, parameters={"temperature": "°C"}
            )
        )

    @pytest.fixture
    def good_job(self) -> Job:
        asked = {"yield": "%", "purity": "%"}
        trials = ("k7f3q2-T0001", "k7f3q2-T0002")
        return job_of(
            *(plan_for({"temperature": (80.0, "°C")}, asked, trial=trial) for trial in trials)
        )

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"pressure": (1.0, "bar")}, {"yield": "%"})

    def settle(self, adapter: Adapter, job: Job) -> None:
        folder = adapter.settings.folder
        sheet = folder / "to_do" / f"{job.id}.csv"
        rows = list(csv.reader(sheet.read_text(encoding="utf-8-sig").splitlines()))
        for row in rows[1:]:
            row[-3:-1] = ["55.5", "<0.5"]
        (folder / "done").mkdir(exist_ok=True)
        done = folder / "done" / sheet.name
        with done.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        sheet.unlink()
        long_ago = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        os.utime(done, (long_ago, long_ago))

    def executions(self, adapter: Adapter, job: Job) -> int:
        places = ("to_do", "done")
        sheets = (adapter.settings.folder / place for place in places)
        return sum(1 for folder in sheets for _ in folder.glob("*.csv"))


@pytest.mark.slow
class TestChgnet(AdapterContract):
    @pytest.fixture
    def adapter(self) -> Adapter:
        chgnet = pytest.importorskip("chgnet", reason="athanor[oracles] is not installed")
        assert chgnet
        from adapters.chgnet import ChgnetAdapter

        return ChgnetAdapter(ChgnetAdapter.Settings())

    @pytest.fixture
    def good_job(self) -> Job:
        return job_for({"prototype": "B2", "A": "Al", "B": "Ni"}, {"formation_energy": "eV/atom"})

    @pytest.fixture
    def bad_job(self) -> Job:
        return job_for({"prototype": "B2", "A": "Al", "B": "Mn"}, {"formation_energy": "eV/atom"})
