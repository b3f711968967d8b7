"""Nothing beyond the operators' limits is ever sent; what they know of failures is what is learnt."""

import json
from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.actor import Actor
from agent.core.adapter import Outcome
from agent.core.job import Job, JobStatus
from agent.core.operators import InForce
from agent.core.trial import Trial, TrialStatus
from agent.core.values import Point
from agent.data.store import Store
from agent.dispatch.reviewing import Verdict, review
from agent.errors import GateError, OutsideLimits
from agent.replay import replay
from agent.resolved import space_of
from tests.loop.worlds import ANNA, INSTRUMENT, HandClock, Instrument, World, world

Make = Callable[..., World]

REQUIRED = {"mode": "required"}
STANDING = Actor(kind="rule", name="standing approval")
LEARNING = {"name": "expected_improvement", "initial": {"size": 3}}


def box(high: float, low: float = 0) -> dict[str, Any]:
    """Limits of both parameters."""
    side = {"low": low, "high": high, "unit": "mm"}
    return {"x": side, "y": side}


def machine(make_world: Make, **more: Any) -> World:
    """A campaign on an instrument that does whatever it is told."""
    made = make_world(**more)
    made.instrument.person = False
    return made


def force(made: World, trial: Trial, by: Actor = ANNA, edit: Point | None = None) -> None:
    """Write an approval past the review's own look at the limits, as whoever may write to the store can."""
    campaign = made.campaign
    verdict = Verdict("approve" if edit is None else "edit", by, ("so",), edit)
    space = space_of(made.store, campaign)

    def unseen(instrument: str) -> InForce:
        return InForce(hash=made.lab.hash_of(instrument))

    review(made.store, trial, campaign, verdict, made.clock.now(), space=space, limits_of=unseen)


def test_nothing_is_sent_to_a_machine_of_which_no_limits_are_signed(make_world: Make) -> None:
    made = machine(make_world)
    with pytest.raises(GateError, match=r"signed no limits of it \(write `instruments: \{bench: "):
        made.run()
    assert not made.instrument.executed
    made.allow(failures=[{"code": "E7", "kind": "infeasible"}])
    with pytest.raises(GateError, match="signed no limits"):
        made.run()
    made.allow(limits=box(10))
    assert made.run().state == "finished"
    assert len(made.instrument.executed) == 4


def test_the_limits_under_which_something_was_sent_are_kept_with_it(make_world: Make) -> None:
    made = machine(make_world, budget={"experiments": 2})
    made.allow(limits=box(10))
    made.run()
    kept = {made.store.blob(job.plans[0].limits).decode() for job in made.jobs()}
    assert [json.loads(one)["limits"]["signed"]["by"] for one in kept] == ["the operators"]


def test_what_only_computes_and_who_reads_a_sheet_need_none(make_world: Make) -> None:
    made = make_world()
    assert made.run().state == "finished"
    computed = make_world(name="computed")
    computed.instrument.person, computed.instrument.effect = False, "pure"
    assert computed.run().state == "finished"


def test_an_approval_or_an_edit_beyond_the_limits_is_refused_with_the_reasons(
    make_world: Make,
) -> None:
    made = machine(make_world, review=REQUIRED, budget={"experiments": 1})
    rule = {"name": "reach", "holds": "x + y <= 6", "reason": "the arm is 6 mm long"}
    made.allow(limits=box(5), rules=[rule])
    made.run()
    (trial,) = made.trials()
    with pytest.raises(OutsideLimits, match="x: 7 mm is not 0 to 5 mm"):
        made.review(trial, "edit", {"x": 7.0, "y": 1.0})
    with pytest.raises(OutsideLimits, match="reach: the arm is 6 mm long"):
        made.review(trial, "edit", {"x": 4.0, "y": 4.0})
    made.review(made.store.trial(trial.id), "edit", {"x": 3.0, "y": 3.0})
    assert made.run().state == "finished"
    assert list(made.instrument.sent.values()) == [{"x": 3.0, "y": 3.0}]


def test_an_approved_edit_beyond_the_limits_is_refused_where_it_would_be_sent(
    make_world: Make,
) -> None:
    made = machine(make_world, review=REQUIRED, budget={"experiments": 1})
    made.allow(limits=box(5))
    made.run()
    (trial,) = made.trials()
    force(made, trial, edit={"x": 9.0, "y": 9.0})
    last = made.run()
    assert last.person
    assert "for a review of 1 proposal" in last.reason
    assert not made.instrument.executed
    assert not made.jobs()
    assert made.store.trial(trial.id).status is TrialStatus.PROPOSED
    (approval,) = made.store.approvals_of(trial.id)
    assert approval.revoked_at is not None
    line = made.store.last_line(made.id, "approval.revoked", approval.id)
    assert line is not None
    assert "y: 9 mm is not 0 to 5 mm" in line.data["reason"]
    made.verify()


def test_an_approval_by_rule_beyond_the_limits_is_refused_too(make_world: Make) -> None:
    made = machine(make_world, review=None, budget={"experiments": 1})
    made.allow(limits=box(10))
    made.run()
    (trial,) = made.trials()
    made.allow(limits=box(1e-9))
    force(made, trial, by=STANDING)
    assert made.run().person
    assert not made.instrument.executed


@pytest.mark.parametrize("policy", [{"name": "random"}, LEARNING], ids=["random", "learning"])
def test_nothing_is_proposed_that_is_beyond_the_limits(
    make_world: Make, policy: dict[str, Any]
) -> None:
    made = machine(make_world, policy=policy, budget={"experiments": 6})
    rule = {"name": "reach", "never": "x > 0.3 and y > 0.1", "reason": "the arm is short"}
    made.allow(limits={side: {"high": 0.6, "unit": "cm"} for side in "xy"}, rules=[rule])
    assert made.run().state == "finished"
    points = list(made.instrument.sent.values())
    assert len(points) == 6
    assert all(max(p["x"], p["y"]) <= 6 and not (p["x"] > 3 and p["y"] > 1) for p in points)
    assert not [one for one in made.standing.reviews if one.verdict == "reject"]
    first, *others = made.standing.decisions
    told = "what is proposed keeps the operators' limits: x <= 6; y <= 6; not (0.1 * x > "
    assert any(note.startswith(told) for note in first.notes)
    assert not any(note.startswith(told) for one in others for note in one.notes)
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_a_decision_is_replayed_with_the_limits_of_its_time(make_world: Make) -> None:
    made = machine(make_world, policy=LEARNING, budget={"experiments": 8})
    made.allow(limits=box(9))
    for _, last in zip(range(4), made.rounds(), strict=False):
        assert last.state != "finished"
    made.allow(limits=box(4))
    assert made.run().state == "finished"
    assert {str(one.leeway[0]) for one in made.standing.decisions} == {
        "0 <= x <= 9",
        "0 <= x <= 4",
    }
    assert {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def test_without_reviews_what_no_constraint_can_say_is_rejected_and_the_campaign_goes_on(
    make_world: Make,
) -> None:
    made = machine(make_world)
    # In the space's unit each name becomes a formula: too long for an expression.
    long = " and ".join(f"(x < 0.6 or y < {n}.0)" for n in range(1, 20))
    rule = {"name": "reach", "holds": f"{long} and x <= 0.6", "reason": "the arm is short"}
    made.allow(limits={side: {"high": 1, "unit": "cm"} for side in "xy"}, rules=[rule])
    assert made.run().state == "finished"
    assert len(made.instrument.executed) == 4
    assert all(point["x"] <= 6 for point in made.instrument.sent.values())
    rejected = {one.by.name for one in made.standing.reviews if one.verdict == "reject"}
    assert rejected == {"operators' limits"}


def test_a_changed_file_sends_what_was_approved_back_to_review(make_world: Make) -> None:
    made = machine(make_world, review=REQUIRED, budget={"experiments": 1})
    made.allow(limits=box(10))
    made.run()
    made.review_all("approve")
    made.allow(limits=box(11))
    assert made.run().person
    assert not made.instrument.executed
    made.review_all("approve")
    assert made.run().state == "finished"


def test_what_failures_mean_is_no_matter_of_what_was_approved(make_world: Make) -> None:
    made = machine(make_world, review=REQUIRED, budget={"experiments": 1})
    made.allow(limits=box(10))
    made.run()
    made.review_all("approve")
    made.allow(limits=box(10), failures=[{"code": "E7", "kind": "infeasible"}])
    assert made.run().state == "finished"


POINTS = st.fixed_dictionaries({name: st.integers(0, 20).map(lambda n: n / 2) for name in "xy"})
ACTS = st.one_of(
    st.tuples(st.just("limits"), st.integers(0, 10), st.integers(0, 20)),
    st.tuples(st.sampled_from(["approve", "standing"]), st.booleans()),
    st.tuples(st.just("edit"), POINTS, st.booleans()),
    st.tuples(st.just("reject")),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ACTS, min_size=2, max_size=8))
def test_nothing_beyond_the_limits_is_ever_sent(acts: list[tuple[Any, ...]]) -> None:
    """Whatever is proposed, edited, approved by people or by rules, in order or past the review,
    and however often the limits change meanwhile.
    """
    clock = HandClock()
    with Store.open("sqlite://") as store:
        made = world(
            store,
            clock,
            Instrument(clock, person=False),
            review=None,
            budget={"experiments": 3},
            policy={"name": "random", "initial": {"size": 2}, "batch_size": 2, "in_flight": 2},
        )
        made.allow(limits=box(5))

        beyond: list[object] = []

        def starting(job: Job) -> Literal["answer"]:
            limits = made.lab.limits[INSTRUMENT]
            (sent,) = job.plans
            if limits.rules.reasons(sent) or sent.limits != limits.hash:
                beyond.append(sent)
            return "answer"

        made.instrument.starting = starting
        for act in acts:
            _do(made, act)
            made.run(patience=1)
        assert not beyond
        made.verify()


def _do(made: World, act: tuple[Any, ...]) -> None:
    match act:
        case ("limits", high, total):
            rule = {"name": "sum", "holds": f"x + y <= {total}", "reason": "so"}
            made.allow(limits=box(high), rules=[rule])
        case ("reject",):
            for trial in made.trials(TrialStatus.PROPOSED)[:1]:
                made.review(trial, "reject")
        case (word, *more):
            edit = more[0] if word == "edit" else None
            by = STANDING if word == "standing" else ANNA
            for trial in made.trials(TrialStatus.PROPOSED)[:1]:
                if more[-1]:
                    force(made, trial, by, edit)
                    return
                try:
                    made.review(trial, "approve" if edit is None else "edit", edit)
                except OutsideLimits:
                    return


GELLED = Outcome(state="failed", code="E7", message="torque too high")
TABLE = [{"code": "E7", "kind": "infeasible", "reason": "it has gelled"}]


def failing(make_world: Make, outcome: Outcome, **said: Any) -> World:
    """A campaign that has ended, whose second trial failed like this."""
    made = make_world(policy=LEARNING, budget={"experiments": 5})
    made.allow(**said)
    made.instrument.ending = lambda job: outcome if "T0002" in job.id else None
    assert made.run().state == "finished"
    return made


def test_a_fault_that_the_table_calls_infeasible_teaches_where_points_work(
    make_world: Make,
) -> None:
    made = failing(make_world, GELLED, failures=TABLE)
    (job,) = made.jobs(JobStatus.FAILED)
    assert job.failure == "infeasible"
    words = "E7: torque too high [line 1 of the operators' failures (code E7): it has gelled]"
    assert job.message == words
    assert made.standing.infeasible == (made.trials()[1].point,)
    assert any(made.store.proposal(one.id).feasible is not None for one in made.trials()[3:])  # type: ignore[union-attr]
    line = made.store.last_line(made.id, "failure.classified", job.id)
    assert line is not None
    assert line.data == {
        "code": "E7",
        "said": None,
        "kind": "infeasible",
        "line": 1,
        "table": TABLE[0],
    }


def test_the_same_fault_without_the_table_teaches_nothing(make_world: Make) -> None:
    made = failing(make_world, GELLED)
    (job,) = made.jobs(JobStatus.FAILED)
    assert (job.failure, job.message) == ("unclassified", "E7: torque too high")
    assert made.standing.infeasible == ()
    assert all(made.store.proposal(one.id).feasible is None for one in made.trials())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ([], "not_converged"),
        (TABLE, "not_converged"),
        ([{"code": "E8", "kind": "resources"}], "resources"),
    ],
)
def test_what_an_adapter_is_sure_of_stays_unless_the_table_says_otherwise(
    make_world: Make, table: list[dict[str, str]], kind: str
) -> None:
    sure = GELLED.model_copy(update={"code": "E8", "failure": "not_converged"})
    made = failing(make_world, sure, failures=table)
    assert [job.failure for job in made.jobs(JobStatus.FAILED)] == [kind]
