"""The contract suite against the real thing: never more than was declared, and every promise in words."""

from collections.abc import Callable

import pytest

from adapters.function import FunctionAdapter
from adapters.proof.foreseen import BARRED, CANCEL, SENDINGS, STOP, foreseen
from adapters.proof.proving import Proof
from adapters.testing import AdapterContract
from agent.core.harmless import MOST, Declaration, Laid, Promise
from agent.dispatch.process import this_process
from tests.adapters.sham import Bench, ShamAdapter, ShamSettings, declaration

Proving = Callable[..., Proof]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def proving(bench: Bench) -> Proving:
    """A finished run on the sham; the arguments are those of the declaration."""

    def made(fault: str = "", **given: object) -> Proof:
        settings = ShamSettings(fault=fault)
        proof = Proof(declaration(**given), lambda: ShamAdapter(settings, bench), this_process())
        proof.run()
        return proof

    return made


def states(proof: Proof) -> dict[str, str]:
    return {one.name: one.state for one in proof.promises}


def of(proof: Proof, name: str) -> Promise:
    return next(one for one in proof.promises if one.name == name)


def test_it_is_foreseen_what_every_test_of_the_contract_sends() -> None:
    tests = [name for name in vars(AdapterContract) if name.startswith("test_")]
    assert sorted(SENDINGS) == sorted(tests)
    assert sum(SENDINGS.values()) == MOST
    assert list(SENDINGS)[-1] == STOP


def test_a_good_adapter_keeps_every_promise_that_was_declared(
    proving: Proving, bench: Bench
) -> None:
    proof = proving()
    assert states(proof) == dict.fromkeys(SENDINGS, "kept") | {STOP: "not tried"}
    assert of(proof, STOP).why == "not declared; to try it: may: [emergency_stop]"
    assert [one.job.id for one in proof.sent] == bench.executed
    assert len(bench.executed) == len(set(bench.executed)) == MOST - 1
    assert bench.stops == 0 and len(bench.cancelled) == 1
    assert not proof.doubt


def test_each_test_sends_what_was_foreseen_of_it(proving: Proving) -> None:
    for promise in proving().promises:
        wanted = 0 if promise.name == BARRED else SENDINGS[promise.name]
        assert len(promise.jobs) == wanted, promise.name


def test_an_emergency_stop_is_tried_last_where_it_was_declared(
    proving: Proving, bench: Bench
) -> None:
    proof = proving(may=["emergency_stop"])
    assert proof.promises[-1].name == STOP and proof.promises[-1].state == "kept"
    assert bench.stops == 2 and not bench.cancelled
    assert of(proof, CANCEL).state == "not tried"


@pytest.mark.parametrize("executions", range(MOST + 1))
@pytest.mark.parametrize("fault", ["", "barred"])
def test_no_more_is_executed_than_was_declared(
    proving: Proving, bench: Bench, executions: int, fault: str
) -> None:
    proof = proving(fault, executions=executions)
    assert len(bench.executed) <= executions
    left_out = [one for one in proof.promises if "one execution more" in one.why]
    assert bool(left_out) == (executions < MOST)
    assert all(one.state == "not tried" for one in left_out)


def test_what_was_withdrawn_and_is_executed_all_the_same_is_told(proving: Proving) -> None:
    proof = proving("barred")
    broken = of(proof, BARRED)
    assert broken.state == "not kept" and "DID NOT RAISE" in broken.why
    assert broken.jobs
    assert of(proof, CANCEL).state == "kept"


def test_an_outcome_that_changes_is_told_as_it_was_seen(proving: Proving) -> None:
    told = of(proving("changing"), "test_collecting_twice_gives_the_same")
    assert told.state == "not kept"
    assert "value=" in told.why


def test_nothing_is_sent_once_a_promise_without_effect_is_broken(
    proving: Proving, bench: Bench
) -> None:
    proof = proving("capabilities")
    assert bench.executed == []
    broken = of(proof, "test_capabilities_are_complete_and_constant")
    assert broken.state == "not kept"
    assert "capabilities are complete" in of(proof, CANCEL).why


@pytest.mark.parametrize(
    ("fault", "why"),
    [("silent", "it says nothing of it"), ("endless", "it has not ended"), ("twice", "")],
)
def test_nothing_more_is_sent_while_a_job_is_in_doubt(
    proving: Proving, bench: Bench, fault: str, why: str
) -> None:
    proof = proving(fault)
    if fault == "twice":  # a fault of code, and what was sent is found: the next may be
        assert not proof.doubt
        assert "TypeError: a fault in somebody's code" in proof.promises[9].why
        return
    assert len(bench.executed) == 1
    assert proof.doubt.startswith(f"{bench.executed[0]} is in doubt") and why in proof.doubt
    assert of(proof, CANCEL).why == proof.doubt


def test_what_only_computes_needs_no_leave() -> None:
    declared = Declaration.model_validate(
        {
            "execution": {"adapter": "function", "settings": {"function": "branin"}},
            "good": {"parameters": {"x1": 1.0, "x2": 2.0}, "objectives": {"value": ""}},
            "bad": {"parameters": {"x1": 1.0}, "objectives": {"value": ""}},
            "executions": MOST,
        }
    )
    settings = FunctionAdapter.Settings(function="branin")
    proof = Proof(declared, lambda: FunctionAdapter(settings), this_process())
    assert not any(one.left_out for one in foreseen(declared, proof.capabilities))
    assert {one.state for one in proof.run()} == {"kept"}


def test_options_meant_for_other_runs_of_pytest_are_left_alone(
    proving: Proving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --no-such-option")
    assert len(proving().promises) == len(SENDINGS)


def test_a_step_is_handed_the_sample_that_lies_ready(bench: Bench) -> None:
    laid = {"code": "film-1", "place": "slot 3", "executed": {"x": 2.0}}
    given = declaration()
    good = given.good.model_copy(update={"sample": Laid.model_validate(laid)})
    settings = ShamSettings()
    proof = Proof(
        given.model_copy(update={"good": good}),
        lambda: ShamAdapter(settings, bench),
        this_process(),
    )
    job = proof.job(good)
    sample = job.sample_of(job.trials[0])
    assert sample is not None and job.stage == 2
    assert (sample.code, sample.place, sample.executed) == ("film-1", "slot 3", {"x": 2.0})
    assert proof.job(given.good).samples == ()
