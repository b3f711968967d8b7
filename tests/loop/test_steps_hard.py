"""What goes wrong in the middle of an experiment of several steps, or with several instruments that are alike."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agent.core.actor import AGENT
from agent.core.adapter import Health, Outcome
from agent.core.campaign import Campaign
from agent.core.execution import Execution
from agent.core.job import Job, JobStatus
from agent.core.operators import Operators
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.errors import IngestError, LifecycleError, SpaceError
from agent.recording import record, resolve
from agent.sharing import turns
from tests.loop.shop import TWO, Make, Shop, box, limited
from tests.loop.worlds import (
    ANNA,
    FURNACE,
    READER,
    HandClock,
    Instrument,
    World,
    failed,
    route,
    workshop,
)

BUSY, READY = Health(state="busy", reason="somebody else's plate"), Health(state="ready")


def _two_alike(
    store: Store, clock: HandClock, *, experiments: int, seconds: float = 0
) -> tuple[dict[str, Instrument], World]:
    """Two robots that are alike, `a` and `b`, and a campaign on both."""
    robots = {name: Instrument(clock, parallel=1, seconds=seconds) for name in ("a", "b")}
    execution = {"adapter": "any", "instruments": {"a": {}, "b": {}}}
    budget = {"experiments": experiments}
    return robots, workshop(store, clock, robots, execution=execution, budget=budget)


def test_what_is_under_way_on_one_instrument_is_not_sent_to_one_that_is_alike(
    store: Store, clock: HandClock
) -> None:
    """The approval of the other instrument is there, unused: the transaction itself refuses."""
    _, found = _two_alike(store, clock, experiments=1, seconds=100)
    found.run(patience=2)
    (job,) = found.jobs()
    (unused,) = [one for one in store.approvals_of(job.trials[0]) if one.job is None]
    second = job.model_copy(
        update={
            "id": "second",
            "status": JobStatus.INTENDED,
            "instrument": "b",
            "plans": (job.plans[0].model_copy(update={"instrument": "b"}),),
            "approvals": (unused.id,),
        }
    )
    with (
        store.write(AGENT, clock.now()) as tx,
        pytest.raises(LifecycleError, match="in progress"),
    ):
        tx.intend(second, None, None)


def sent_back(shop: Shop) -> Trial:
    """A trial whose sample is made, and whose next step waits for a review."""
    shop.world.run()
    shop.world.review_all("approve")
    shop.reader.state = lambda: BUSY
    shop.world.run(patience=3)
    limited(shop, **{FURNACE: box(10), READER: box(10)})
    shop.reader.state = lambda: READY
    shop.world.run()
    (trial,) = shop.world.trials(TrialStatus.PROPOSED)
    return trial


def test_what_a_sample_was_made_with_cannot_be_edited_any_more(make_shop: Make) -> None:
    """What is read of it would be learnt at settings that no furnace ever had."""
    shop = make_shop(budget={"experiments": 1}, review={"mode": "required"})
    trial = sent_back(shop)
    with pytest.raises(SpaceError, match="is made: x, y cannot be edited any more"):
        shop.world.review(trial, "edit", {"x": 1.0, "y": 1.0})
    shop.world.review(trial, "approve")
    assert shop.world.run().state == "finished"
    ((made, settings),) = shop.furnace.sent.items()
    (row,) = shop.world.standing.rows
    assert made.startswith(row.trial) and row.point == settings


def test_what_a_later_step_is_sent_may_be_edited(make_shop: Make) -> None:
    execution: dict[str, Any] = route(parameters=["y"])
    execution["steps"][0]["parameters"] = ["x"]
    shop = make_shop(execution=execution, budget={"experiments": 1}, review={"mode": "required"})
    trial = sent_back(shop)
    x = shop.world.standing.effective[trial.id].point["x"]
    shop.world.review(trial, "edit", {"x": x, "y": 1.0})
    assert shop.world.run().state == "finished"
    assert list(shop.reader.sent.values()) == [{"y": 1.0}]


WASH = {"name": "wash", "adapter": "any", "instrument": "sink", "parameters": []}


@pytest.mark.parametrize("waits", ["for a review", "to be sent"])
@pytest.mark.parametrize("change", ["a later step is renamed", "a step comes between"])
def test_what_has_not_begun_is_proposed_anew_where_the_steps_are_others(
    make_shop: Make, change: str, waits: str
) -> None:
    """No sample is made for a step that is no more, and none skips a step that there is by now."""
    shop = make_shop(review={"mode": "required"}, budget={"experiments": 1})
    shop.furnace.state = lambda: BUSY
    shop.world.run()
    if waits == "to be sent":
        shop.world.review_all("approve")
    sink = Instrument(shop.world.clock, parallel=1)
    lab = shop.world.lab
    shop.world.lab = replace(lab, adapters={**lab.adapters, "sink": sink})
    changed = route()
    if change == "a step comes between":
        changed["steps"].insert(1, WASH)
    else:
        changed["steps"][1]["name"] = "weigh"
    execution = Execution.model_validate(changed)
    shop.world.revise(shop.world.campaign.model_copy(update={"execution": execution}))
    shop.furnace.state = lambda: READY
    last = shop.world.run()
    assert last.person and "review of 1 proposal" in last.reason
    assert not shop.furnace.executed
    shop.world.review_all("approve")
    assert shop.world.run().state == "finished"
    first, second = shop.world.trials()
    assert (first.status, second.status) == (TrialStatus.CANCELLED, TrialStatus.DONE)
    assert [job.step for job in shop.world.jobs()] == list(execution.names)


def test_what_one_has_refused_is_sent_to_it_again_while_the_other_is_held(make_shop: Make) -> None:
    shop = make_shop(*TWO, budget={"experiments": 1})
    with shop.world.store.write(ANNA, shop.world.clock.now()) as tx:
        tx.hold("furnace-2", "new lining")
    shop.furnace.starting = lambda job: "refuse" if job.attempt == 1 else "answer"
    assert shop.world.run().state == "finished"
    (trial,) = shop.world.trials()
    assert trial.status is TrialStatus.DONE
    assert [job.instrument for job in shop.of(trial.id, "anneal")] == ["furnace-1", "furnace-1"]


def test_what_one_has_refused_waits_for_the_other_that_is_at_work(make_shop: Make) -> None:
    """What may be sent there later does not use up its attempts here."""
    shop = make_shop(*TWO, budget={"experiments": 2})
    there = shop.furnaces["furnace-2"]
    there.state = lambda: BUSY
    shop.furnace.starting = lambda job: "refuse"
    last = shop.world.run(patience=5)
    assert "furnace-2 is busy" in last.reason and len(shop.world.jobs()) == 1
    there.state = lambda: READY
    assert shop.world.run().state == "finished"
    assert len(shop.world.trials(TrialStatus.DONE)) == 2


def test_what_an_adapter_speaks_against_is_sent_to_the_other(make_shop: Make) -> None:
    """The small furnace cannot do it, as its adapter knows: nothing is refused for that."""
    shop = make_shop(*TWO)
    shop.furnace.against = lambda plan: ("too hot for it",)
    assert shop.world.run().state == "finished"
    assert {job.instrument for job in shop.world.jobs()} == {"furnace-2", READER}
    assert not shop.world.jobs(JobStatus.REFUSED)


def test_what_was_permitted_before_the_last_review_is_not_permitted_again(make_shop: Make) -> None:
    """The limits change after a reading has failed, and are what they were once it is approved anew."""
    changes = {"review": {"mode": "required"}, "budget": {"experiments": 1}}
    shop = make_shop(execution=route(repeatable=True), **changes)
    before = shop.world.lab
    shop.reader.ending = lambda job: failed()
    shop.reader.seconds = 5
    shop.world.run()
    shop.world.review_all("approve")
    shop.world.run(patience=1)
    shop.world.run(patience=1)
    shop.world.clock.sleep(5)
    limited(shop, **{FURNACE: box(10), READER: {}})
    last = shop.world.run()
    assert last.person and "review of 1 proposal" in last.reason
    shop.world.review_all("approve")
    shop.world.lab = before
    last = shop.world.run()
    assert last.person and "review of 1 proposal" in last.reason
    shop.reader.ending = lambda job: None
    shop.world.review_all("approve")
    assert shop.world.run().state == "finished"


def drifting(job: Job) -> Outcome:
    """A furnace that is hotter than it was told to be, and says so."""
    (trial,) = job.trials
    return Outcome(state="done", executed={trial: {**job.plans[0].settings(), "x": 9.5}})


@pytest.mark.parametrize("how", ["in place of the reader", "as a correction"])
def test_what_a_person_brings_is_of_the_sample_as_it_was_made(make_shop: Make, how: str) -> None:
    shop = make_shop(budget={"experiments": 1})
    shop.furnace.ending = drifting
    if how == "in place of the reader":
        shop.reader.ending = lambda job: failed()
    assert shop.world.run().state == "finished"
    now = shop.world.clock.now()
    record(shop.world.store, "world", "1", ["mass=3"], ANNA, now, correct=how == "as a correction")
    (row,) = shop.world.standing.rows
    (sample,) = shop.world.store.samples_of(row.trial)
    assert row.value == 3 and row.point["x"] == 9.5
    assert shop.world.store.observations_of(row.trial)[-1].sample == sample.id


@pytest.mark.parametrize("doubted", [False, True])
def test_what_the_reader_measures_does_not_end_the_furnace(make_shop: Make, doubted: bool) -> None:
    """A reading that is typed too early must not send for a sample that is still in the furnace."""
    shop = make_shop(budget={"experiments": 1})
    lost = Outcome(state="lost", message="no word of it")
    shop.furnace.ending = lambda job: lost if doubted else Outcome(state="running")
    shop.world.run(patience=2)
    hint = "resolve .* done" if doubted else "record it when the step that measures it is there"
    with pytest.raises(IngestError, match=f"anneal, which does not measure mass .*{hint}"):
        record(shop.world.store, "world", "1", ["mass=3"], ANNA, shop.world.clock.now())
    assert not shop.world.jobs(JobStatus.DONE)


def test_a_person_who_finds_the_sample_says_that_its_step_is_done(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1})
    shop.furnace.ending = lambda job: Outcome(state="lost", message="no word of it")
    assert shop.world.run().person
    (job,) = shop.world.jobs(JobStatus.UNKNOWN)
    resolve(shop.world.store, job.id, JobStatus.DONE, "it lies there", ANNA, shop.world.clock.now())
    (sample,) = shop.world.store.samples(shop.world.id)
    assert sample.job == job.id
    assert shop.world.run().state == "finished"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.DONE]
    shop.world.verify()


def test_a_step_that_measures_is_done_only_with_its_readings(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1})
    shop.reader.ending = lambda job: Outcome(state="lost", message="no word of it")
    assert shop.world.run().person
    (job,) = shop.world.jobs(JobStatus.UNKNOWN)
    now = shop.world.clock.now()
    with pytest.raises(LifecycleError, match=r"measures mass .athanor record world 1 mass="):
        resolve(shop.world.store, job.id, JobStatus.DONE, "it lies there", ANNA, now)
    record(shop.world.store, "world", "1", ["mass=3"], ANNA, now)
    assert shop.world.run().state == "finished"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.DONE]


def test_an_instrument_that_was_renamed_is_told_of_while_its_last_job_runs(make_shop: Make) -> None:
    """The budget is used up: what an instrument has to say is said all the same."""
    shop = make_shop(budget={"experiments": 1})
    shop.furnace.ending = lambda job: Outcome(state="running", message="still hot")
    last = shop.world.run(patience=2)
    assert last.reason.endswith("on furnace: still hot")
    renamed = route()
    renamed["steps"][0]["instrument"] = "oven"
    execution = Execution.model_validate(renamed)
    shop.world.revise(shop.world.campaign.model_copy(update={"execution": execution}))
    adapters = {"oven": shop.furnace, READER: shop.reader}
    shop.world.lab = replace(shop.world.lab, adapters=adapters)
    last = shop.world.run(patience=2)
    assert "on furnace: this process does not know the instrument 'furnace'" in last.reason


def claims(shop: Shop, instrument: str) -> list[str]:
    """The campaigns that want an instrument now, which its operators share."""
    limits = Operators.model_validate({"instruments": {instrument: {"share": {}}}})
    now, id = shop.world.clock.now(), shop.world.id
    found = turns(shop.world.store, instrument, limits.in_force(instrument), now, id)
    return [one.campaign for one in found.claims] if found else []


def test_what_is_under_way_does_not_want_an_instrument_that_is_alike(make_shop: Make) -> None:
    alone = {"adapter": "any", "instruments": {"furnace-1": {}, "furnace-2": {}}}
    shop = make_shop(*TWO, execution=alone, budget={"experiments": 1})
    shop.furnace.seconds = 100
    shop.world.run(patience=2)
    assert shop.world.jobs(JobStatus.RUNNING) and not claims(shop, "furnace-2")


def test_what_waits_for_another_review_wants_no_instrument(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1}, review={"mode": "required"})
    trial = sent_back(shop)
    assert not claims(shop, READER)
    shop.world.review(trial, "approve")
    assert claims(shop, READER) == ["world"]


def test_a_step_between_tells_the_next_where_it_has_put_the_sample_and_what_it_did(
    make_shop: Make,
) -> None:
    execution = route(parameters=[])
    execution["steps"][0]["parameters"] = ["x"]
    execution["steps"].insert(1, {**WASH, "parameters": ["y"]})
    shop = make_shop(execution=execution, budget={"experiments": 1})
    sink = Instrument(shop.world.clock, parallel=1)
    lab = shop.world.lab
    adapters = {**lab.adapters, "sink": sink}
    shop.world.lab = replace(lab, adapters=adapters, unattended=frozenset(adapters))

    def left(where: str, **executed: float) -> Callable[[Job], Outcome]:
        def ending(job: Job) -> Outcome:
            (trial,) = job.trials
            return Outcome(state="done", places={trial: where}, executed={trial: {**executed}})

        return ending

    shop.furnace.ending, sink.ending = left("slot 3", x=9.5), left("rack 1", y=0.5)
    assert shop.world.run().state == "finished"
    heated, washed, read = shop.world.jobs()
    assert (washed.samples[0].place, washed.samples[0].executed) == ("slot 3", {"x": 9.5})
    assert (read.samples[0].place, read.samples[0].executed) == ("rack 1", {"x": 9.5, "y": 0.5})
    assert washed.samples[0].code == read.samples[0].code
    (sample,) = shop.world.store.samples(shop.world.id)
    assert (sample.job, sample.place) == (heated.id, "rack 1")
    assert shop.world.standing.rows[0].point == {"x": 9.5, "y": 0.5}
    shop.world.verify()


@pytest.mark.parametrize("also", ["nothing else", "the limits"])
def test_a_sample_that_was_made_is_read_though_the_space_has_shrunk(
    make_shop: Make, also: str
) -> None:
    """Its reading has failed, and may be repeated: what has begun is finished."""
    shop = make_shop(execution=route(repeatable=True), budget={"experiments": 1})
    shop.reader.seconds = 5
    shop.reader.ending = lambda job: failed()
    shop.world.run(patience=3)
    (made,) = shop.furnace.sent.values()
    narrow = shop.world.campaign.model_dump(mode="json")
    narrow["parameters"][0]["low"] = float(made["x"]) + 1
    shop.world.clock.sleep(5)
    next(shop.world.rounds())
    assert [one.status for one in shop.world.trials()] == [TrialStatus.APPROVED]
    shop.world.revise(Campaign.model_validate(narrow))
    if also == "the limits":
        limited(shop, **{FURNACE: box(10), READER: {}})
    shop.reader.ending = lambda job: None
    assert shop.world.run().state == "finished"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.DONE]
    assert shop.world.standing.rows[0].point == made


def test_a_revision_that_names_another_instrument_does_not_end_the_run_that_goes_on(
    make_shop: Make,
) -> None:
    """A process knows the instruments with which it was started, and says so."""
    shop = make_shop(confirm=None)
    named = shop.world.campaign.execution.model_dump(mode="json")
    named["steps"][0]["instrument"] = "kiln"
    shop.world.revise(
        shop.world.campaign.model_copy(update={"execution": Execution.model_validate(named)})
    )
    last = shop.world.run(patience=3)
    assert last.state == "waiting"
    assert "this process does not know the instrument 'kiln'" in last.reason
    assert "run the campaign again" in last.reason


def test_one_of_two_alike_that_cannot_be_asked_leaves_the_work_to_the_other(
    store: Store, clock: HandClock
) -> None:
    robots, found = _two_alike(store, clock, experiments=3)
    robots["a"].broken = {"check": KeyError("slot"), "health": OSError("no route")}
    assert found.run().state == "finished"
    assert not robots["a"].executed
    assert sum(robots["b"].executed.values()) == 3
    errors = [line for line in store.journal(found.id) if line.event == "adapter.error"]
    assert {line.data["instrument"] for line in errors} == {"a"}


def test_what_one_of_two_alike_refuses_waits_for_the_other_that_cannot_be_asked(
    store: Store, clock: HandClock
) -> None:
    robots, found = _two_alike(store, clock, experiments=2)
    robots["a"].broken = {"check": OSError("no route")}
    robots["b"].against = lambda plan: ("too large for b",)
    last = found.run(patience=5)
    assert last.state == "waiting"
    assert {trial.status for trial in found.trials()} == {TrialStatus.PROPOSED}
    robots["a"].broken = {}
    assert found.run().state == "finished"
    assert sum(robots["a"].executed.values()) == 2


def test_what_cannot_be_asked_for_its_effect_is_not_approved_by_rule(
    store: Store, clock: HandClock
) -> None:
    """One of two alike has no physical effect: without the other, no review would be due."""
    robots = {
        "real": Instrument(clock, parallel=1),
        "twin": Instrument(clock, parallel=1, effect="pure", lookup="none"),
    }
    execution = {"adapter": "any", "instruments": {"real": {}, "twin": {}}}
    more = {"budget": {"experiments": 1}, "review": None}
    found = workshop(store, clock, robots, execution=execution, **more)
    robots["real"].broken = {"capabilities": OSError("no route")}
    assert found.run(patience=3).state == "waiting"
    robots["real"].broken = {}
    last = found.run()
    assert last.person
    assert "for a review of 1 proposal" in last.reason
    assert not robots["real"].executed


def test_where_none_of_two_alike_can_be_asked_each_fault_is_a_line_an_hour(
    store: Store, clock: HandClock
) -> None:
    robots, found = _two_alike(store, clock, experiments=1)
    for name, robot in robots.items():
        robot.broken = {"check": KeyError(name)}
    last = found.run(patience=20)
    assert last.state == "waiting"
    assert any("KeyError: 'a'" in word for word in last.said)
    errors = [line for line in store.journal(found.id) if line.event == "adapter.error"]
    trials = found.trials()
    assert len(errors) == 2 * len(trials)
    for robot in robots.values():
        robot.broken = {}
    assert found.run().state == "finished"
