"""One campaign file on a recorded table and on three kinds of real servers: only `execution` differs."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("bluesky_queueserver", reason="athanor[labs] is not installed")
pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
pytest.importorskip("sila2", reason="athanor[sila] is not installed")

from agent.core.register import CampaignStatus
from agent.core.trial import Trial
from agent.data.store import Store
from tests.lab.bluesky.server import KEY, Bluesky
from tests.lab.madsci.furnace import FurnaceNode
from tests.lab.running import Forked, ended
from tests.lab.sila.running import LOOKED_UP, Furnace
from tests.lab.sila.server import yielded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TEMPERATURES, CYCLES = range(40, 121, 10), range(1, 5)
CAMPAIGN: dict[str, Any] = {
    "name": "anneal",
    "parameters": [
        {"name": "temperature", "type": "discrete", "unit": "°C", "levels": list(TEMPERATURES)},
        {"name": "cycles", "type": "integer", "low": 1, "high": 4},
    ],
    "objectives": [{"name": "yield", "unit": "percent", "goal": "maximise"}],
    "budget": {"experiments": 6},
    "policy": {"initial": {"size": 3}},
    "stop": {"confirm": 0},
    "review": {"mode": "none"},
    "seed": 5,
}
LIMITS = {
    "temperature": {"low": 20, "high": 120, "unit": "°C"},
    "cycles": {"low": 1, "high": 4},
}
OPERATORS = {
    "unattended": ["bench"],
    "instruments": {"bench": {"limits": LIMITS, "signed": {"by": "anna", "at": "2026-03-01"}}},
}


@pytest.fixture(scope="module")
def executions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Adapter name -> what a campaign says under `execution` to run there."""
    folder = tmp_path_factory.mktemp("labs")
    with ExitStack() as stack:
        furnace = stack.enter_context(Furnace(folder / "sila"))
        node = stack.enter_context(FurnaceNode(folder / "madsci"))
        bluesky = stack.enter_context(Bluesky(folder / "bluesky"))
        yield {
            "table": _table(folder / "recorded.csv"),
            "sila": _sila(furnace),
            "madsci": _madsci(node),
            "bluesky": _bluesky(bluesky),
        }


def _table(path: Path) -> dict[str, Any]:
    with path.open("w", newline="") as file:
        told = csv.writer(file)
        told.writerow(["temperature", "cycles", "yield"])
        told.writerows([t, n, yielded(t, n, "water")] for t in TEMPERATURES for n in CYCLES)
    return {"file": str(path), "objectives": {"yield": {"unit": "percent"}}}


def _sila(furnace: Furnace) -> dict[str, Any]:
    temperature = {"unit": "°C", "name": "Temperature"}
    parameters = {"temperature": temperature, "cycles": {"name": "Cycles"}}
    settings = furnace.settings(**LOOKED_UP)
    return settings | {"parameters": parameters, "constants": {"Solvent": "water"}}


def _madsci(node: FurnaceNode) -> dict[str, Any]:
    return {
        "url": node.url,
        "action": "make_sample",
        "parameters": {"temperature": "°C", "cycles": {"name": "time"}},
        "objectives": {"yield": {"unit": "percent", "at": "mass"}},
        "job_argument": "sample_id",
    }


def _bluesky(bluesky: Bluesky) -> dict[str, Any]:
    return {
        "url": bluesky.url,
        "api_key": "${BLUESKY_KEY}",
        "plan": "make_sample",
        "parameters": {
            "temperature": {"unit": "°C", "name": "setpoint"},
            "cycles": {"name": "hours"},
        },
        "objectives": {"yield": {"unit": "percent", "at": "mass"}},
        "results": "get_run",
        "claims": "job_claim",
        "start_queue": True,
        "timeout_s": 60,
    }


def run(folder: Path, adapter: str, settings: dict[str, Any]) -> list[Trial]:
    """The trials of the campaign, carried out there."""
    folder.mkdir()
    poll = {"limit": 0.2, "unit": "s"}
    execution = {"adapter": adapter, "instrument": "bench", "settings": settings, "poll": poll}
    file, operators = folder / "anneal.yaml", folder / "operators.yaml"
    file.write_text(yaml.safe_dump(CAMPAIGN | {"execution": execution}, sort_keys=False))
    operators.write_text(yaml.safe_dump(OPERATORS))
    url, log = f"sqlite:///{folder / 'store.db'}", folder / "log.txt"
    environ = {"ATHANOR_OPERATORS": str(operators), "OMP_NUM_THREADS": "1", "BLUESKY_KEY": KEY}
    code = ended(Forked(["run", str(file), "--store", url, "--direct"], environ, log))
    assert code == 0, f"{adapter}: exit code {code}: {log.read_text()[-3000:]}"
    with Store.open(url, create=False) as store:
        entry = store.entry("anneal")
        assert entry.status is CampaignStatus.FINISHED
        assert len(store.observations(entry.id)) == 6
        document = store.revision(entry.id).document
        assert {k: v for k, v in document.items() if k != "execution"}.keys() >= CAMPAIGN.keys()
        return store.trials(entry.id)


def test_it_runs_unchanged_on_each_of_them(
    tmp_path: Path, executions: dict[str, dict[str, Any]]
) -> None:
    trials = {
        adapter: run(tmp_path / adapter, adapter, settings)
        for adapter, settings in executions.items()
    }
    design = {adapter: [trial.point for trial in ran[:3]] for adapter, ran in trials.items()}
    assert design["sila"] == design["madsci"] == design["bluesky"] == design["table"]
    # The table has what the furnace measures: all that follows is the same, too.
    points = {adapter: [trial.point for trial in ran] for adapter, ran in trials.items()}
    assert points["sila"] == points["table"]
