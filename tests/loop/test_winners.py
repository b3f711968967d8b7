"""A winner is called one when samples made anew say so: whole campaigns with an instrument that scatters."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.commands.status import show_one
from agent.core.adapter import Outcome
from agent.core.budget import Budget
from agent.core.job import Job
from agent.core.stop import Stop
from agent.core.trial import Trial, TrialStatus
from agent.data.store import Store
from agent.replay import replay
from agent.report import write
from agent.status import summarise
from agent.winner import Leader, leaders, winner
from tests.loop.worlds import (
    HERE,
    HandClock,
    Instrument,
    World,
    done,
    failed,
    followed,
    measured,
    world,
)

Make = Callable[..., World]

LEARNING = {"name": "expected_improvement", "initial": {"size": 4}}
LUCKY = 20.0


def lucky(made: World, number: int) -> None:
    """The reading of one trial is far too good; every sample of its point that is made anew is right."""

    def ending(job: Job) -> Outcome:
        right = measured(job.plans[0].settings())
        return done(job, right + (LUCKY if trial_of(made, job).number == number else 0.0))

    made.instrument.ending = ending


def trial_of(made: World, job: Job) -> Trial:
    (trial,) = [one for one in made.trials() if one.id == job.trials[0]]
    return trial


def again(made: World) -> list[Trial]:
    """The trials that make a point anew."""
    return [one for one in made.trials() if one.replicate_of]


def same_again(made: World) -> bool:
    return {one.verdict for one in replay(made.store, made.name)} == {"identical"}


def best_of(made: World) -> Leader:
    best = winner(made.standing, leaders(made.standing))
    assert best is not None
    return best


def test_the_last_experiments_make_the_winner_anew(make_world: Make) -> None:
    made = make_world(policy=LEARNING, budget={"experiments": 12}, stop={"confirm": 3})
    last = made.run()
    assert (last.state, last.reason) == ("finished", "12 of 12 experiments are started")
    *looked, first, second, third = made.trials()
    assert {one.role for one in looked} == {"candidate"}
    assert {one.role for one in (first, second, third)} == {"replicate"}
    best = best_of(made)
    assert {one.replicate_of for one in (first, second, third)} == {best.trial}
    assert best.confirmed is not None
    assert (best.confirmed.samples, best.confirmed.error) == (3, 0.0)
    assert best.confirmed.mean == pytest.approx(measured(best.point))
    why = made.store.decision(third.decision or "").choices[0].why
    assert "made anew to confirm it (3 of 3 samples)" in why
    assert same_again(made)
    assert made.verify()


def test_a_lucky_reading_is_found_out(make_world: Make) -> None:
    """The first trial looks best and is not: made anew it falls, and the next one is confirmed."""
    made = make_world(budget={"experiments": 12}, stop={"confirm": 3})
    lucky(made, 1)
    last = made.run()
    *fooled, _, _ = again(made)
    assert {one.replicate_of for one in fooled} == {made.trials()[0].id}
    best = best_of(made)
    assert best.trial == again(made)[-1].replicate_of != fooled[0].replicate_of
    assert best.measured == max(measured(one.point) for one in made.trials())
    told = f"the best point is unconfirmed: {best.anew} of 3 samples made anew"
    assert last.reason == f"12 of 12 experiments are started; {told}"
    assert same_again(made)


def test_neighbours_find_a_lucky_reading_out_before_it_is_made_anew(make_world: Make) -> None:
    """By its value the first trial is the best; by what is expected it is not."""
    made = make_world(policy=LEARNING, budget={"experiments": 12}, stop={"confirm": 3})
    lucky(made, 1)
    made.run()
    (winner,) = {one.replicate_of for one in again(made)}
    assert made.standing.best is not None
    assert made.standing.best.trial == made.trials()[0].id != winner
    assert best_of(made).trial == winner
    assert best_of(made).confirmed


def test_a_target_is_reached_by_samples_made_anew_only(make_world: Make) -> None:
    made = make_world(
        policy=LEARNING, budget={"experiments": 30}, stop={"confirm": 3, "target": 15.0}
    )
    last = made.run()
    assert last.reason == "the target is reached: 18.67 ± 0 mg by 3 samples made anew"
    assert [one.role for one in made.trials()] == ["candidate"] * 2 + ["replicate"] * 3
    assert same_again(made)


def test_a_lucky_reading_reaches_no_target(make_world: Make) -> None:
    """Its point is made anew at once; as soon as that is out of reach, the search goes on."""
    made = make_world(
        policy=LEARNING, budget={"experiments": 14}, stop={"confirm": 2, "target": 22.0}
    )
    lucky(made, 5)
    last = made.run()
    assert last.reason.startswith("14 of 14 experiments are started")
    roles = [one.role for one in made.trials()]
    assert roles[:6] == ["candidate"] * 5 + ["replicate"]
    assert roles[6:12] == ["candidate"] * 6
    assert roles[12] == "replicate"
    assert (
        not made.standing.best.value < 22.0
    )  # by all its values it still seems to reach the target
    assert best_of(made).confirmed.mean < 22.0
    assert same_again(made)


def test_no_better_result_for_a_while_ends_it_once_the_winner_is_made_anew(
    make_world: Make,
) -> None:
    made = make_world(
        budget={"experiments": 40}, stop={"confirm": 3, "no_improvement_after": 4}, seed=5
    )
    last = made.run()
    assert re.fullmatch(r"no improvement in \d+ results", last.reason)
    assert [one.role for one in made.trials()][-3:] == ["replicate"] * 3
    assert best_of(made).confirmed
    assert same_again(made)


def test_what_was_not_sent_is_withdrawn_when_it_is_enough(make_world: Make) -> None:
    """Nobody has to review points that are not looked for any more, only the samples of the winner."""
    made = make_world(
        budget={"experiments": 40},
        stop={"confirm": 2, "no_improvement_after": 3},
        policy={"name": "random", "initial": {"size": 2}, "batch_size": 2, "in_flight": 4},
        review={"mode": "required"},
        seed=5,
    )
    while (last := made.run()).state == "waiting":
        waiting = made.trials(TrialStatus.PROPOSED)
        for trial in waiting[:1] if all(one.role == "candidate" for one in waiting) else waiting:
            made.review(trial, "approve")
    assert re.fullmatch(r"no improvement in \d+ results", last.reason)
    assert made.trials(TrialStatus.CANCELLED)
    assert {one.role for one in made.trials(TrialStatus.CANCELLED)} == {"candidate"}
    assert best_of(made).anew == 2
    assert same_again(made)


def test_a_batch_in_flight_comes_in_before_the_winner_is_made_anew(make_world: Make) -> None:
    made = make_world(
        policy={**LEARNING, "batch_size": 3, "in_flight": 6},
        budget={"experiments": 12},
        stop={"confirm": 3},
    )
    made.instrument.seconds = 2.0
    assert made.run().state == "finished"
    assert [one.role for one in made.trials()] == ["candidate"] * 9 + ["replicate"] * 3
    assert best_of(made).confirmed
    assert same_again(made)


def test_a_winner_that_may_not_be_made_anew_is_left_unconfirmed(make_world: Make) -> None:
    made = make_world(budget={"experiments": 8}, stop={"confirm": 3}, review={"mode": "required"})
    while (last := made.run()).state == "waiting":
        for trial in made.trials(TrialStatus.PROPOSED):
            made.review(trial, "reject" if trial.role == "replicate" else "approve")
    assert last.reason == (
        "8 of 8 experiments are started; the best point is unconfirmed: 0 of 3 samples made anew"
    )
    assert same_again(made)


def test_what_fails_when_it_is_made_anew_is_not_tried_for_ever(make_world: Make) -> None:
    made = make_world(budget={"experiments": 20}, stop={"confirm": 3, "no_improvement_after": 4})
    made.instrument.ending = lambda job: failed() if trial_of(made, job).replicate_of else None
    last = made.run()
    assert "the best point is unconfirmed: 0 of 3 samples made anew" in last.reason
    assert len(again(made)) == 2
    assert len(made.trials()) < 20


def test_a_sample_that_was_sent_elsewhere_confirms_nothing(make_world: Make) -> None:
    made = make_world(budget={"experiments": 6}, stop={"confirm": 2}, review={"mode": "required"})
    while made.run().state == "waiting":
        for trial in made.trials(TrialStatus.PROPOSED):
            first = trial.role == "replicate" and not again(made)[1:]
            made.review(
                trial, "edit" if first else "approve", {"x": 1.0, "y": 1.0} if first else None
            )
    assert best_of(made).anew == 1


def test_with_priors_the_winner_is_that_of_the_models_with_them(
    store: Store, clock: HandClock
) -> None:
    made = followed(store, clock, budget={"experiments": 6}, stop={"confirm": 2})
    assert made.run().reason == "6 of 6 experiments are started"
    assert len(again(made)) == 2
    assert best_of(made).confirmed
    *_, last = made.standing.decisions
    assert last.state is not None and last.state["kind"] == "transfer"
    assert last.ranking[0].trial
    assert same_again(made)


# ---- what is usual


def test_where_the_effect_is_physical_three_are_usual(make_world: Make) -> None:
    made = make_world(confirm=None, budget={"experiments": 12})
    assert made.run().state == "finished"
    assert len(again(made)) == 3
    assert {one.confirming.usual for one in made.standing.decisions if one.confirming} == {3}
    assert same_again(made)


def test_of_a_small_budget_a_quarter(make_world: Make) -> None:
    made = make_world(confirm=None, budget={"experiments": 4})
    assert made.run().state == "finished"
    assert [one.role for one in made.trials()] == ["candidate"] * 3 + ["replicate"]


def test_where_it_is_pure_nothing_is_made_anew(store: Store, clock: HandClock) -> None:
    made = world(
        store, clock, Instrument(clock, effect="pure"), confirm=None, budget={"experiments": 12}
    )
    assert made.run().reason == "12 of 12 experiments are started"
    assert not again(made)
    assert {one.confirming for one in made.standing.decisions} == {None}


def test_a_campaign_of_several_objectives_confirms_nothing_yet(make_world: Make) -> None:
    two = [
        {"name": "mass", "unit": "mg", "goal": "maximise"},
        {"name": "price", "unit": "EUR", "goal": "minimise"},
    ]
    made = make_world(confirm=None, objectives=two, budget={"experiments": 12})
    assert made.run().state == "finished"
    assert not again(made)


def test_a_campaign_that_began_without_goes_on_without(make_world: Make) -> None:
    """One of an earlier version, which asked no instrument: more budget does not change how it ends."""
    made = make_world(budget={"experiments": 4})
    made.run()
    changes = {"budget": Budget(experiments=16), "stop": Stop()}
    made.revise(made.campaign.model_copy(update=changes))
    made.run()
    assert not again(made)
    made.revise(
        made.campaign.model_copy(update={"budget": Budget(experiments=19), "stop": Stop(confirm=3)})
    )
    made.run()
    assert len(again(made)) == 3
    assert same_again(made)


def test_an_instrument_that_does_not_say_is_asked_again(make_world: Make) -> None:
    made = make_world(confirm=None, budget={"experiments": 12}, review={"mode": "required"})
    made.instrument.broken = {"capabilities": KeyError("effect")}
    last = made.run(patience=5)
    assert last.state == "waiting"
    assert "not decided: error: " in last.reason
    assert not made.standing.decisions
    made.instrument.broken = {}
    while made.run().state == "waiting":
        made.review_all("approve")
    assert len(again(made)) == 3


# ---- when it is killed


def test_it_goes_on_in_another_process_after_any_round(make_world: Make) -> None:
    """Nothing of the confirmation is carried in memory."""
    made = make_world(policy=LEARNING, budget={"experiments": 9}, stop={"confirm": 3})
    made.instrument.seconds = 1.0
    for number in range(200):
        here = made if number % 2 else made.elsewhere(HERE)
        last = next(iter(here.rounds()))
        if last.state == "finished":
            break
        made.clock.sleep(1.0)
    assert last.reason == "9 of 9 experiments are started"
    assert len(again(made)) == 3
    assert set(made.instrument.executed.values()) == {1}
    assert same_again(made)
    assert made.verify()


# ---- what people see


def shown(made: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What `status` says, and the words of the report."""
    show_one(made.store, made.name)
    write(made.store, made.name, folder / "page.html", made.clock.now())
    page = re.sub("<[^>]+>", " ", (folder / "page.html").read_text().partition("<body>")[2])
    return capsys.readouterr().out, re.sub(r"\s+", " ", page)


def test_a_confirmed_winner_is_shown_as_one(
    make_world: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world(policy=LEARNING, budget={"experiments": 12}, stop={"confirm": 3})
    made.run()
    status, page = shown(made, tmp_path, capsys)
    assert re.search(r"expected \S+ ± \S+; confirmed: 18.85 ± 0 mg by 3 samples made anew", status)
    assert "Confirmed: 18.85 ± 0 mg by 3 samples made anew." in page
    table = page.partition("The best points")[2].partition("Best so far")[0]
    confirmed, _, others = table.partition("Not confirmed")
    assert f"Trial {made.trials()[8].number}" in confirmed
    assert others.count(" 0 of 3 ") == 5
    summary = summarise(made.standing)
    assert summary.winner is not None and summary.winner.confirmed is not None
    assert summary.best_trial == summary.winner.trial


def test_a_lucky_reading_is_shown_as_what_it_is(
    make_world: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world(policy=LEARNING, budget={"experiments": 12}, stop={"confirm": 3})
    lucky(made, 1)
    made.run()
    status, page = shown(made, tmp_path, capsys)
    assert re.search(r"measured  27.2767 mg at x 4.73, y 4.53.*: not believed to be better", status)
    assert "confirmed: 18.91 ± 0 mg by 3 samples made anew" in status
    assert "is expected to be the best of" in page


def test_a_winner_that_fell_is_shown_with_its_samples(
    make_world: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world(budget={"experiments": 12}, stop={"confirm": 3})
    lucky(made, 1)
    made.run()
    status, page = shown(made, tmp_path, capsys)
    assert "unconfirmed: 2 of 3 samples" in status
    assert "Unconfirmed: 2 of 3 samples made anew." in page
    assert " 1 of 3 " in page.partition("The best points")[2]


def test_before_the_end_it_is_not_made_anew_yet(
    make_world: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world(budget={"experiments": 12}, stop={"confirm": 3}, review={"mode": "required"})
    made.run()
    made.review_all("approve")
    made.run()
    status, page = shown(made, tmp_path, capsys)
    assert "not made anew yet" in status
    assert "Unconfirmed: 0 of 3 samples made anew." in page


def test_where_nothing_is_to_be_confirmed_nothing_is_said_of_it(
    make_world: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_world()
    made.run()
    status, page = shown(made, tmp_path, capsys)
    assert "confirmed" not in status + page
    assert "anew" not in status + page
