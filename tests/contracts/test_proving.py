"""The contract suite against real servers, within a declaration: what they count is what was declared."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapters.proof.foreseen import BARRED, CANCEL, STOP
from adapters.proof.proving import Proof
from agent.core.harmless import Declaration
from agent.dispatch.process import this_process
from tests.lab.madsci.furnace import FurnaceNode

if TYPE_CHECKING:
    from tests.lab.bluesky.server import Bluesky

SETTINGS = {
    "action": "make_sample",
    "parameters": {
        "temperature": {"unit": "degC", "executed": "actual.temperature"},
        "duration": {"unit": "h", "name": "time"},
        "base": "",
    },
    "objectives": {"mass": "mg", "purity": {"unit": "%"}},
    "job_argument": "sample_id",
}
GOOD = {
    "parameters": {
        "temperature": {"value": 80.0, "unit": "degC"},
        "duration": {"value": 2, "unit": "h"},
        "base": "KOH",
    },
    "objectives": {"mass": "mg", "purity": "%"},
}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FurnaceNode]:
    pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
    with FurnaceNode(tmp_path, seconds=0.3) as opened:
        yield opened


def declared(node: FurnaceNode, **more: Any) -> Declaration:
    whole = {
        "execution": {
            "adapter": "madsci",
            "settings": {"url": node.url, **SETTINGS},
            "poll": {"limit": 0.05, "unit": "s"},
        },
        "good": GOOD,
        "bad": {"parameters": {"pressure": 1}, "objectives": {"mass": "mg"}},
        "executions": 7,
        "may": ["cancel", "emergency_stop"],
        "wait": {"limit": 1, "unit": "min"},
        **more,
    }
    return Declaration.model_validate(whole)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("executions", [7, 2])
def test_a_madsci_node_executes_what_was_declared_and_no_more(
    node: FurnaceNode, executions: int
) -> None:
    from adapters.madsci import MadsciAdapter

    declaration = declared(node, executions=executions)
    settings = MadsciAdapter.Settings.model_validate(declaration.execution.settings)
    proof = Proof(declaration, lambda: MadsciAdapter(settings), this_process())
    promises = {one.name: one for one in proof.run()}
    assert [one for one in promises.values() if one.state == "not kept"] == []
    assert not proof.doubt
    counted = node.counts()
    sent = [one.job.id for one in proof.sent if one.how == "ended"]
    assert dict(counted) == dict.fromkeys(sent, 1)
    if executions == 2:
        assert len(sent) == 2
        assert promises[CANCEL].state == promises[BARRED].state == "not tried"
        return
    assert len(sent) == 6
    assert promises[STOP].state == "kept"
    barred = promises[BARRED]
    assert barred.state == "kept" and "see at the instrument" in barred.why
    assert not counted.keys() & set(barred.jobs)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("offers", ["everything", "a look-up", "the command alone"])
def test_a_sila_server_executes_what_was_declared_and_no_more(offers: str, tmp_path: Path) -> None:
    pytest.importorskip("sila2", reason="athanor[sila] is not installed")
    from tests.lab.sila.running import LOOKED_UP, Furnace

    more: dict[str, dict[str, Any]] = {
        "everything": LOOKED_UP,
        "a look-up": {"lookup": LOOKED_UP["lookup"]},
        "the command alone": {"cancel": None, "key": "SampleId"},
    }
    asked = {"temperature": {"value": 80.0, "unit": "°C"}, "cycles": 2, "solvent": "DMF"}
    with Furnace(tmp_path) as furnace:
        declaration = Declaration.model_validate(
            {
                "execution": {"adapter": "sila", "poll": {"limit": 0.05, "unit": "s"}},
                "good": {"parameters": asked, "objectives": {"yield": "percent"}},
                "bad": {
                    "parameters": asked | {"temperature": {"value": 800.0, "unit": "°C"}},
                    "objectives": {"yield": "percent"},
                },
                "executions": 7,
                "may": ["cancel", "emergency_stop"],
                "wait": {"limit": 1, "unit": "min"},
            }
        )
        proof = Proof(declaration, lambda: furnace.adapter(**more[offers]), this_process())
        promises = proof.run()
        assert [one for one in promises if one.state == "not kept"] == []
        assert not proof.doubt
        sent = [one.job.id for one in proof.sent if one.how == "ended"]
        assert dict(furnace.counts()) == dict.fromkeys(sent, 1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("claims", ["lab's", "none"])
def test_a_bluesky_queue_server_executes_what_was_declared_and_no_more(
    bluesky: "Bluesky", claims: str
) -> None:
    from tests.lab.bluesky.bench import adapter_for

    more: dict[str, Any] = {} if claims == "lab's" else {"claims": None}
    declaration = Declaration.model_validate(
        {
            "execution": {"adapter": "bluesky", "poll": {"limit": 0.1, "unit": "s"}},
            "good": {
                "parameters": {
                    "temperature": {"value": 80.0, "unit": "degC"},
                    "hours": {"value": 2, "unit": "h"},
                },
                "objectives": {"mass": "mg"},
            },
            "bad": {"parameters": {"pressure": 1}, "objectives": {"mass": "mg"}},
            "executions": 7,
            "may": ["cancel", "emergency_stop"],
            "wait": {"limit": 4, "unit": "min"},
        }
    )
    proof = Proof(declaration, lambda: adapter_for(bluesky, **more), this_process())
    promises = proof.run()
    assert [one for one in promises if one.state == "not kept"] == []
    assert not proof.doubt
    for one in proof.sent:
        # What is cancelled in time was requested and not executed.
        least = 0 if one.job.id in promises[-2].jobs else 1
        assert least <= bluesky.count(one.job.id) <= (one.how == "ended"), promises
