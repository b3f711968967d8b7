"""CHGNet: known alloys, and every guard against what the model cannot know."""

from __future__ import annotations

import json
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from adapters.testing import job_for
from agent.core.adapter import Outcome

if TYPE_CHECKING:
    from adapters.chgnet import ChgnetAdapter

pytest.importorskip("chgnet", reason="athanor[oracles] is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chgnet() -> ModuleType:
    import adapters.chgnet

    return adapters.chgnet


@pytest.fixture(scope="module")
def adapter(chgnet: ModuleType) -> ChgnetAdapter:
    quantities = {"hf": "formation_energy", "v": "volume", "rho": "density"}
    return chgnet.ChgnetAdapter(chgnet.ChgnetSettings(objectives=quantities))


def ask(adapter: ChgnetAdapter, a: str, b: str, prototype: str = "B2") -> Outcome:
    job = job_for({"prototype": prototype, "A": a, "B": b}, {"hf": "eV/atom"})
    assert adapter.check(job.plans[0]) == ()
    outcome: Outcome = adapter.collect(job, {})
    return outcome


@pytest.mark.parametrize(
    ("a", "b", "prototype", "energy"),
    [
        ("Al", "Ni", "B2", -0.705),
        ("Sc", "Pt", "B2", -1.270),
        ("Al", "Ni", "L1_2", -0.473),
        ("Au", "Cu", "L1_2", -0.037),
    ],
)
def test_formation_energies(
    adapter: ChgnetAdapter, a: str, b: str, prototype: str, energy: float
) -> None:
    outcome = ask(adapter, a, b, prototype)
    assert outcome.state == "done", outcome.message
    (seen,) = outcome.measurements
    assert seen.value == pytest.approx(energy, abs=0.002)
    assert type(seen.value) is float


def test_the_document_says_how(adapter: ChgnetAdapter) -> None:
    document = json.loads(ask(adapter, "Sc", "Pt").raw or "")
    assert document["crystal"]["cell"][0] == pytest.approx(3.305, abs=0.005)
    assert set(document["elements"]) == {"Sc", "Pt"}
    assert "model 0.3.0" in document["model"]
    assert "corrections" in document["energy_reference"]


def test_volume_and_density(adapter: ChgnetAdapter) -> None:
    job = job_for({"A": "Al", "B": "Ni"}, {"v": "Å^3/atom", "rho": "g/cm^3"})
    assert adapter.check(job.plans[0]) == ()
    volume, density = (m.value for m in adapter.collect(job, {}).measurements)
    assert volume == pytest.approx(12.0, abs=0.1)
    assert density == pytest.approx(5.9, abs=0.1)


def test_it_does_not_depend_on_what_came_before(chgnet: ModuleType, adapter: ChgnetAdapter) -> None:
    fresh = chgnet.ChgnetAdapter(adapter.settings)
    assert ask(fresh, "Al", "Ni") == ask(adapter, "Al", "Ni")


def test_too_few_steps_is_not_converged(chgnet: ModuleType) -> None:
    adapter = chgnet.ChgnetAdapter(
        chgnet.ChgnetSettings(objectives={"hf": "formation_energy"}, max_steps=1)
    )
    outcome = ask(adapter, "Hf", "Ag")
    assert (outcome.state, outcome.failure) == ("failed", "not_converged")
    assert "after 1 steps" in outcome.message


def test_a_structure_that_turns_into_another_is_infeasible(adapter: ChgnetAdapter) -> None:
    outcome = ask(adapter, "Al", "Ni", "L1_0")
    assert (outcome.state, outcome.failure) == ("failed", "infeasible")
    assert "space group 123 became 221" in outcome.message


@pytest.mark.parametrize(
    ("edge", "says"),
    [(14.0, "isolated atom"), (1.6, "closer than any bond"), (3.6, "times the starting one")],
)
def test_geometry_is_guarded_where_the_model_is_sure_of_nonsense(
    chgnet: ModuleType, adapter: ChgnetAdapter, edge: float, says: str
) -> None:
    from ase.build import bulk

    with chgnet.one_thread():
        relaxed = adapter.relax(bulk("Si", a=edge), "Si")
    assert isinstance(relaxed, chgnet.Failure)
    assert relaxed.kind == "not_converged"
    assert says in relaxed.message


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"A": "Al"}, "'B' is missing"),
        ({"A": "Al", "B": "Mn"}, "'Mn' is no element whose ground state"),
        ({"A": "Al", "B": "Xx"}, "'Xx' is no element"),
        ({"A": "Al", "B": "Al"}, "that is no compound"),
        ({"A": "Al", "B": "Ni", "prototype": "D0_3"}, "unknown prototype 'D0_3'"),
        ({"A": "Al", "B": "Ni", "t": "5"}, "unknown parameter 't'"),
    ],
)
def test_check_says_what_is_wrong(
    adapter: ChgnetAdapter, settings: dict[str, str], says: str
) -> None:
    job = job_for(settings, {"hf": "eV/atom"})
    assert any(says in reason for reason in adapter.check(job.plans[0]))
    assert adapter.collect(job, {}).failure == "unclassified"


def test_threads_are_given_back(chgnet: ModuleType) -> None:
    import torch

    before = torch.get_num_threads()
    with chgnet.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
