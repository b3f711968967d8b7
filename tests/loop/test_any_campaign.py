"""Any campaign at all: no space, seed, batch, failure, delay or reviewer makes one abort or hang."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.adapter import Outcome
from agent.core.budget import counts
from agent.core.job import Job, JobStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.loop import Round
from tests.loop.worlds import HandClock, Instrument, World, done, failed, readings, world

_ROUNDS = 1500

_NUMBERS = {"type": "continuous", "low": 0, "high": 10}
_KINDS = st.sampled_from(
    [
        _NUMBERS,
        {**_NUMBERS, "resolution": 2.5},
        {"type": "continuous", "low": 0.01, "high": 100, "scale": "log"},
        {"type": "integer", "low": -2, "high": 3},
        {"type": "discrete", "levels": [1, 2, 5, 10]},
        {"type": "categorical", "choices": ["DMF", "DMSO", "water"]},
    ]
)


@st.composite
def spaces(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to three parameters of any kind."""
    kinds = draw(st.lists(_KINDS, min_size=1, max_size=3))
    return [{"name": f"p{number}", **kind} for number, kind in enumerate(kinds)]


budgets = st.one_of(
    st.fixed_dictionaries({"experiments": st.integers(1, 6)}),
    st.integers(1, 4).map(
        lambda n: {"cost": {"limit": 0.3 * n, "unit": "EUR", "per_experiment": 0.3}}
    ),
    st.just({"experiments": 5, "wall_time": {"limit": 20, "unit": "s"}}),
)


def plans(*policies: str) -> st.SearchStrategy[dict[str, Any]]:
    """What a campaign file may say, with one of these policies."""
    return st.fixed_dictionaries(
        {
            "parameters": spaces(),
            "budget": budgets,
            "confirm": st.sampled_from([0, 0, None, 1, 3]),
            "stop": st.sampled_from([{}, {}, {"target": 0.5}, {"no_improvement_after": 2}]),
            "seed": st.integers(0, 2**31 - 1),
            "policy": st.builds(
                lambda name, initial, batch, more, replicates: {
                    "name": name,
                    "initial": {"size": initial},
                    "batch_size": batch,
                    "in_flight": batch + more,
                    "replicates": replicates,
                },
                st.sampled_from(policies),
                st.integers(1, 4),
                st.integers(1, 4),
                st.integers(0, 3),
                st.sampled_from([1, 1, 1, 2]),
            ),
            "execution": st.sampled_from(
                [{"adapter": "bench"}, {"adapter": "bench", "deadline": {"limit": 3, "unit": "s"}}]
            ),
            "review": st.sampled_from(
                [
                    {"mode": "none"},
                    {"mode": "required"},
                    {"mode": "required", "expires": {"limit": 5, "unit": "s"}},
                ]
            ),
        }
    )


instruments = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["pure", "physical"]),
        "lookup": st.sampled_from(["sure", "sure", "best_effort", "none"]),
        "parallel": st.integers(1, 4),
        "seconds": st.sampled_from([0.0, 0.0, 1.0, 2.5]),
    }
)
rates = st.sampled_from([0.0, 0.0, 0.1, 0.5, 1.0])


class Fate:
    """What chance makes of an instrument and of a reviewer."""

    def __init__(self, seed: int, failing: float, refusing: float, losing: float) -> None:
        self._random = random.Random(seed)
        self._failing, self._refusing, self._losing = failing, refusing, losing
        self._outcomes: dict[str, Outcome] = {}

    def starting(self, job: Job) -> str:
        draw = self._random.random()
        if draw < self._refusing:
            return "refuse"
        if self._random.random() < self._losing:
            return self._random.choice(["lost before", "lost after"])
        return "answer"

    def ending(self, job: Job) -> Outcome:
        if job.id not in self._outcomes:
            self._outcomes[job.id] = self._outcome(job)
        return self._outcomes[job.id]

    def _outcome(self, job: Job) -> Outcome:
        if self._random.random() < self._failing:
            kinds = ["instrument", "infeasible", "not_converged", None]
            return self._random.choice(
                [failed(self._random.choice(kinds)), Outcome(state="cancelled")]
            )
        value = {"value": self._random.gauss(0.0, 1.0)}
        reading = self._random.choice([value] * 6 + [{"void": "spilled"}, {"low": 1.0}])
        return self._random.choice(
            [done(job, **reading)] * 9
            + [Outcome(state="done", measurements=readings(job, "none such", **reading))]
        )

    def people(self, made: World) -> None:
        """Somebody looks in: reviews some proposals, and says what became of jobs in doubt."""
        for trial in made.trials(TrialStatus.PROPOSED):
            word = self._random.choice(["approve"] * 4 + ["edit", "reject", "later"])
            if word == "edit":
                others = [one.point for one in made.trials()]
                made.review(trial, "edit", self._random.choice(others))
            elif word != "later":
                made.review(trial, word)
        for job in made.jobs(JobStatus.UNKNOWN):
            executed = job.id in made.instrument.executed
            made.resolve(job, JobStatus.FAILED if executed else JobStatus.REFUSED)


def check(made: World) -> None:
    """What has to hold after every round."""
    plan, entry = made.campaign, made.id
    budget, started = plan.budget, [job for job in made.store.jobs(entry) if counts(job)]
    if budget.experiments is not None:
        assert len(started) <= budget.experiments
    if budget.cost is not None:
        assert sum(job.cost for job in started) <= budget.cost.limit * (1 + 1e-9)
    assert len(made.store.trials(entry, *_OPEN)) <= plan.policy.concurrency
    of_trial = Counter(key.rpartition(".")[0] for key in made.instrument.executed.elements())
    if made.instrument.effect == "physical":
        assert all(number == 1 for number in of_trial.values())


_OPEN = (TrialStatus.PROPOSED, TrialStatus.APPROVED, TrialStatus.IN_PROGRESS)


def live(plan: dict[str, Any], kind: dict[str, Any], fate: Fate) -> World:
    """Run a campaign to its end, with people who look in when they are needed."""
    with Store.open("sqlite://") as store:
        clock = HandClock()
        instrument = Instrument(clock, starting=fate.starting, ending=fate.ending, **kind)
        made = world(store, clock, instrument, **plan)
        total = 0

        def watch(_: Round) -> None:
            nonlocal total
            total += 1
            assert total < _ROUNDS, "no end"
            check(made)

        while True:
            last = made.run(most=_ROUNDS, watch=watch)
            if last.state == "finished":
                break
            fate.people(made)
            made.clock.sleep(1.0)
        assert last.reason
        assert not made.standing.in_flight
        assert not made.jobs(JobStatus.UNKNOWN)
        assert not made.trials(*_OPEN)
        executed = {job.id for job in made.jobs() if counts(job)}
        assert set(instrument.executed) <= executed | {
            job.id for job in made.jobs(JobStatus.CANCELLED)
        }
        made.verify()
        return made


def campaigns(
    examples: int, *policies: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorates a test with so many random campaigns, the same ones each time."""

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        fates = st.builds(Fate, st.integers(0, 2**32), rates, rates, rates)
        drawn = given(plans(*policies), instruments, fates)
        calm = settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        return calm(drawn(test))

    return decorated


@campaigns(25, "random")
def test_any_campaign_comes_to_its_end(
    plan: dict[str, Any], kind: dict[str, Any], fate: Fate
) -> None:
    live(plan, kind, fate)


@pytest.mark.slow
@pytest.mark.timeout(2400)
@campaigns(180, "random", "random", "uncertainty", "ucb")
def test_many_campaigns_come_to_their_ends(
    plan: dict[str, Any], kind: dict[str, Any], fate: Fate
) -> None:
    live(plan, kind, fate)


@pytest.mark.slow
@pytest.mark.timeout(2400)
@campaigns(20, "expected_improvement", "thompson", "committee")
def test_campaigns_with_a_model_come_to_their_ends(
    plan: dict[str, Any], kind: dict[str, Any], fate: Fate
) -> None:
    live(plan, kind, fate)


def test_the_checks_would_notice(clock: HandClock, store: Store) -> None:
    """A planted double execution is seen."""
    made = world(store, clock)
    made.run(watch=lambda _: check(made))
    made.instrument.executed[made.jobs()[0].id] += 1
    with pytest.raises(AssertionError):
        check(made)
