"""Experiments of several steps, each on an instrument of its own: samples that are passed on, two furnaces that are
alike, readings that are done again, and what that costs.
"""

from dataclasses import replace

import pytest

from agent.core.actor import AGENT
from agent.core.adapter import Health, Outcome
from agent.core.budget import counts
from agent.core.campaign import Campaign
from agent.core.execution import Execution
from agent.core.instrument import IN_A_ROW
from agent.core.job import Job, JobStatus
from agent.core.operators import Operators
from agent.core.register import CampaignStatus
from agent.core.trial import TrialStatus
from agent.errors import GateError
from tests.loop.shop import TWO, Make, box, limited
from tests.loop.worlds import (
    ANNA,
    FURNACE,
    READER,
    HandClock,
    done,
    failed,
    readings,
    route,
)


def test_each_experiment_is_annealed_and_then_read(make_shop: Make) -> None:
    shop = make_shop()
    assert shop.world.run().state == "finished"
    trials = shop.world.trials(TrialStatus.DONE)
    assert len(trials) == 4
    for trial in trials:
        assert trial.steps == ("anneal", "read")
        (heated,), (read,) = shop.of(trial.id, "anneal"), shop.of(trial.id, "read")
        assert (heated.instrument, read.instrument) == (FURNACE, READER)
        assert (heated.stage, read.stage) == (1, 2)
        assert (heated.id, read.id) == (f"{trial.id}.1.1", f"{trial.id}.2.1")
        assert heated.ended_at and heated.ended_at <= read.intended_at
    assert shop.world.standing.use.experiments == 4, "an experiment counts once"
    shop.world.verify()


def test_a_step_is_sent_only_what_it_sets_and_asked_only_what_it_measures(make_shop: Make) -> None:
    shop = make_shop()
    shop.world.run()
    heated, read = shop.world.jobs()[0].plans[0], shop.world.jobs()[1].plans[0]
    assert set(heated.parameters) == {"x", "y"} and heated.objectives == {}
    assert read.parameters == {} and read.objectives == {"mass": "mg"}


def test_the_sample_is_passed_on_with_its_code_its_place_and_how_it_was_made(
    make_shop: Make,
) -> None:
    shop = make_shop()

    def ending(job: Job) -> Outcome:
        (trial,) = job.trials
        hot = {**job.plans[0].settings(), "x": 9.5}
        return Outcome(state="done", executed={trial: hot}, places={trial: "slot 3"})

    shop.furnace.ending = ending
    shop.world.run()
    sample, job = shop.world.store.samples(shop.world.id)[0], shop.world.jobs()[1]
    (taken,) = job.samples
    assert (taken.id, taken.code, taken.job) == (sample.id, "world-001", shop.world.jobs()[0].id)
    assert taken.place == "slot 3" and taken.executed == sample.executed
    (seen,) = shop.world.store.observations_of(job.trials[0])
    assert seen.sample == sample.id
    assert seen.executed == sample.executed, "what is learnt is learnt of how it was made"
    assert all(row.point["x"] == 9.5 for row in shop.world.standing.rows)


def test_while_one_is_read_the_next_is_in_the_furnace(make_shop: Make, clock: HandClock) -> None:
    shop = make_shop(policy={"name": "random", "initial": {"size": 2}, "in_flight": 3})
    shop.furnace.seconds, shop.reader.seconds = 20, 5
    assert shop.world.run(patience=90).state == "finished"
    together = 0
    for read in shop.world.jobs():
        for heated in shop.world.jobs():
            if (read.step, heated.step) == ("read", "anneal"):
                assert read.started_at and heated.started_at and heated.ended_at
                together += heated.started_at <= read.started_at < heated.ended_at
    assert together
    assert (clock.now() - shop.world.jobs()[0].intended_at).total_seconds() < 4 * 25


def test_what_is_waited_for_is_told_of_each_instrument(make_shop: Make) -> None:
    shop = make_shop(policy={"name": "random", "initial": {"size": 3}, "in_flight": 3})
    shop.furnace.seconds, shop.reader.seconds = 20, 500
    reasons: list[str] = []
    shop.world.run(watch=lambda last: reasons.append(last.reason), patience=50)
    heated, read, again = (job.id for job in shop.world.jobs()[:3])
    assert f"for {heated} on {FURNACE}" in reasons
    assert f"for {read} on {READER}, {again} on {FURNACE}" in reasons


def test_only_instruments_of_the_next_step_are_waited_for(make_shop: Make) -> None:
    shop = make_shop()
    shop.furnace.state = lambda: Health(state="busy", reason="it cools down")
    assert shop.world.run(patience=3).reason.startswith(f"for {FURNACE}: ")


def test_of_two_furnaces_the_one_that_is_free_takes_the_next(make_shop: Make) -> None:
    shop = make_shop(*TWO, policy={"name": "random", "initial": {"size": 4}, "in_flight": 4})
    shop.furnace.seconds = shop.furnaces["furnace-2"].seconds = 20
    assert shop.world.run(patience=90).state == "finished"
    by = [job.instrument for job in shop.world.jobs() if job.step == "anneal"]
    assert sorted(by) == ["furnace-1", "furnace-1", "furnace-2", "furnace-2"]
    sent = [id for one in shop.furnaces.values() for id in one.executed.elements()]
    assert len(sent) == len(set(sent)) == 4


def test_one_that_is_held_is_left_out_and_wall_time_goes_on(make_shop: Make) -> None:
    shop = make_shop(*TWO)
    with shop.world.store.write(ANNA, shop.world.clock.now()) as tx:
        tx.hold("furnace-1", "new lining")
    assert shop.world.run().state == "finished"
    assert {job.instrument for job in shop.world.jobs()} == {"furnace-2", READER}
    assert shop.world.standing.held is None


def test_the_reader_is_held_and_the_samples_wait_for_it(make_shop: Make, clock: HandClock) -> None:
    shop = make_shop(policy={"name": "random", "initial": {"size": 4}, "in_flight": 4})
    with shop.world.store.write(ANNA, clock.now()) as tx:
        tx.hold(READER, "the lamp is out")
    last = shop.world.run()
    assert last.person and "reader is held by anna: the lamp is out" in last.reason
    assert sum(shop.furnace.executed.values()) == 4 and not shop.reader.executed
    used = shop.world.standing.use.seconds
    clock.sleep(3600)
    assert shop.world.standing.use.seconds == used, "no wall time while a step can be done nowhere"
    with shop.world.store.write(ANNA, clock.now()) as tx:
        tx.release(READER, "a new lamp")
    assert shop.world.run().state == "finished"
    assert len(shop.world.trials(TrialStatus.DONE)) == 4


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_reading_that_failed_is_done_again_where_the_sample_is_as_it_was(
    make_shop: Make, repeatable: bool
) -> None:
    shop = make_shop(execution=route(repeatable=repeatable))
    shop.reader.ending = lambda job: (
        failed() if sum(shop.reader.executed.values()) == 1 else done(job, shop.made(job))
    )
    assert shop.world.run().state == "finished"
    first = shop.world.trials()[0]
    assert first.status is (TrialStatus.DONE if repeatable else TrialStatus.FAILED)
    assert len(shop.of(first.id, "anneal")) == 1, "it is not made again"
    assert len(shop.of(first.id, "read")) == (2 if repeatable else 1)
    given = [one for one in shop.world.store.approvals_of(first.id) if one.step == "read"]
    assert len(given) == len(shop.of(first.id, "read")), "each reading is permitted by its own"
    assert shop.world.standing.use.experiments == 4


def test_a_broken_reader_wastes_no_sample(make_shop: Make, clock: HandClock) -> None:
    """Each sample is tried once before any is tried again, and after three failures the reader is held."""
    concurrent = {"name": "random", "initial": {"size": 4}, "in_flight": 4}
    shop = make_shop(execution=route(repeatable=True), policy=concurrent)
    shop.reader.ending = lambda job: failed()
    last = shop.world.run()
    assert last.person and f"its last {IN_A_ROW} jobs failed" in last.reason
    assert READER in last.reason and not shop.world.trials(TrialStatus.FAILED)
    shop.reader.ending = lambda job: done(job, shop.made(job))
    clock.sleep(60)
    with shop.world.store.write(ANNA, clock.now()) as tx:
        tx.release(READER, "a loose fibre")
    assert shop.world.run().state == "finished"
    assert len(shop.world.trials(TrialStatus.DONE)) == 4
    assert sum(shop.furnace.executed.values()) == 4


def test_a_furnace_that_fails_ends_the_experiment(make_shop: Make) -> None:
    shop = make_shop()
    shop.furnace.ending = lambda job: failed("infeasible") if job.attempt else None
    assert shop.world.run().state == "finished"
    assert len(shop.world.trials(TrialStatus.FAILED)) == 4
    assert not shop.reader.executed
    assert len(shop.world.standing.infeasible) == 4


def test_what_an_earlier_step_measured_is_kept_when_a_later_one_fails(make_shop: Make) -> None:
    two = [
        {"name": "mass", "unit": "mg", "goal": "maximise"},
        {"name": "purity", "unit": "percent", "goal": "maximise"},
    ]
    execution = route(objectives=["purity"])
    execution["steps"][0]["objectives"] = ["mass"]
    shop = make_shop(execution=execution, objectives=two)
    shop.furnace.ending = lambda job: Outcome(
        state="done", measurements=readings(job, "mass", value=2.0)
    )
    shop.reader.ending = lambda job: failed("infeasible")
    assert shop.world.run().state == "finished"
    assert {one.status for one in shop.world.trials()} == {TrialStatus.PARTIAL}
    assert {row.objective for row in shop.world.standing.rows} == {"mass"}


def test_the_budget_ends_the_search_and_not_a_sample_on_its_way(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1})
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    last = shop.world.run(patience=3)
    assert last.state == "waiting"
    shop.reader.state = lambda: Health(state="ready")
    assert shop.world.run().state == "finished"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.DONE]


def test_what_a_person_stops_is_not_read_any_more(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1})
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    shop.world.run(patience=3)
    shop.world.say(CampaignStatus.STOPPED, "no more")
    assert shop.world.run().state == "stopped"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.CANCELLED]
    assert not shop.reader.executed


PRICES = {"limit": 30, "unit": "EUR", "steps": {"anneal": "5 + 0 * x", "read": 5}}


def test_what_a_step_costs_is_kept_for_it_when_the_experiment_begins(make_shop: Make) -> None:
    """Three experiments at 10 each: no sample is made that could not be paid to be read."""
    concurrent = {"name": "random", "initial": {"size": 2}, "in_flight": 6}
    shop = make_shop(budget={"cost": PRICES}, policy=concurrent)
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    shop.world.run(patience=3)
    assert sum(shop.furnace.executed.values()) == 3
    assert shop.world.standing.use.cost == 30, "what is still to be read is counted"
    shop.reader.state = lambda: Health(state="ready")
    assert shop.world.run().state == "finished"
    costs = [(job.step, job.cost) for job in shop.world.jobs() if counts(job)]
    assert sorted(costs) == [("anneal", 5)] * 3 + [("read", 5)] * 3


def test_a_person_approves_all_the_steps_at_once(make_shop: Make) -> None:
    shop = make_shop(*TWO, review={"mode": "required"}, budget={"experiments": 1})
    shop.world.run()
    (trial,) = shop.world.review_all("approve")
    given = [(one.step, one.instrument) for one in shop.world.store.approvals_of(trial.id)]
    assert given == [("anneal", "furnace-1"), ("anneal", "furnace-2"), ("read", READER)]
    assert shop.world.run().state == "finished"
    used = [one for one in shop.world.store.approvals_of(trial.id) if one.job]
    assert len(used) == 2, "what was not needed permits nothing more"


def test_limits_are_of_each_instrument(make_shop: Make) -> None:
    """Nothing is approved for the small furnace, and everything is done in the large one."""
    shop = make_shop(*TWO)
    for one in (*shop.furnaces.values(), shop.reader):
        one.person = False
    with pytest.raises(GateError, match="signed no limits of it"):
        shop.world.run()
    limited(shop, **{"furnace-1": box(1e-6), "furnace-2": box(10), READER: {}})
    assert shop.world.run().state == "finished"
    assert {job.instrument for job in shop.world.jobs()} == {"furnace-2", READER}


def test_limits_that_change_between_two_steps_send_it_back_to_review(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1}, review={"mode": "required"})
    shop.world.run()
    shop.world.review_all("approve")
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    shop.world.run(patience=3)
    limited(shop, **{FURNACE: box(10), READER: {}})
    shop.reader.state = lambda: Health(state="ready")
    last = shop.world.run()
    assert last.person and "review of 1 proposal" in last.reason
    (trial,) = shop.world.trials(TrialStatus.PROPOSED)
    shop.world.review(trial, "approve")
    assert shop.world.run().state == "finished"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.DONE]
    assert sum(shop.furnace.executed.values()) == 1


def test_no_step_is_sent_before_its_turn_or_twice(make_shop: Make) -> None:
    """Whoever writes to the store past the loop: the transaction itself refuses."""
    shop = make_shop(budget={"experiments": 1})
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    shop.world.run(patience=3)
    (heated,) = shop.world.jobs()
    again = heated.model_copy(update={"id": "again", "status": JobStatus.INTENDED})
    with (
        shop.world.store.write(AGENT, shop.world.clock.now()) as tx,
        pytest.raises(GateError, match="not sent to anneal: its next step is read"),
    ):
        tx.intend(again, None, None)


def test_a_step_that_a_revision_takes_away_is_told_of(make_shop: Make) -> None:
    shop = make_shop(budget={"experiments": 1})
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    shop.world.run(patience=3)
    other = route()
    other["steps"][1]["name"] = "weigh"
    changed = shop.world.campaign.model_copy(update={"execution": Execution.model_validate(other)})
    shop.world.revise(changed)
    last = shop.world.run(patience=3)
    assert last.person, "no instrument ends this"
    assert "the campaign has no step read any more (it has anneal, weigh)" in last.reason
    back = shop.world.campaign.model_copy(update={"execution": Execution.model_validate(route())})
    shop.world.revise(back)
    shop.reader.state = lambda: Health(state="ready")
    assert shop.world.run().state == "finished"
    assert [one.status for one in shop.world.trials()] == [TrialStatus.DONE]


def test_whoever_answers_for_an_instrument_is_called(make_shop: Make) -> None:
    """A furnace that calls itself faulted does not mend itself; its contact is not the reader's."""
    shop = make_shop()
    told = Operators.model_validate({"instruments": {FURNACE: {"contact": "Ben, 4711"}}})
    shop.world.lab = replace(shop.world.lab, limits={FURNACE: told.in_force(FURNACE)})
    shop.furnace.state = lambda: Health(state="faulted", reason="thermocouple open")
    last = shop.world.run(patience=3)
    assert last.person
    assert "for a person (Ben, 4711): furnace is faulted: thermocouple open" in last.reason
    shop.furnace.state = lambda: Health(state="ready")
    with shop.world.store.write(ANNA, shop.world.clock.now()) as tx:
        tx.hold(READER, "the lamp is out")
    last = shop.world.run()
    assert "for a person: reader is held by anna: the lamp is out" in last.reason


def test_what_is_promised_is_reckoned_with_a_parameter_that_was_added_since(
    make_shop: Make,
) -> None:
    prices = {"limit": 100, "unit": "EUR", "steps": {"anneal": "5 + 0 * x", "read": "1 + 0 * x"}}
    shop = make_shop(budget={"experiments": 3, "cost": prices})
    shop.reader.state = lambda: Health(state="busy", reason="somebody else's plate")
    shop.world.run(patience=3)
    document = shop.world.campaign.model_dump(mode="json")
    z = {"name": "z", "type": "continuous", "low": 0, "high": 10, "unit": "mm", "old_rows": 2}
    document["parameters"].append(z)
    document["budget"]["cost"]["steps"]["read"] = "1 + z"
    shop.world.revise(Campaign.model_validate(document))
    assert shop.world.standing.use.cost == 5 + 3
