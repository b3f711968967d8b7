"""Standing approvals in whole campaigns: so many are let through, within the region, until then."""

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import pytest

from agent.core.campaign import Campaign
from agent.core.job import JobStatus
from agent.core.standing_approval import StandingApproval, region_of
from agent.core.trial import TrialStatus
from agent.dispatch.standing_approvals import Asked, give, revoke
from agent.errors import OutsideLimits
from agent.loop import Round
from tests.loop.worlds import ANNA, World, campaign

Make = Callable[..., World]
REVIEWED: dict[str, Any] = {"review": {"mode": "required"}, "budget": {"experiments": 20}}


@pytest.fixture
def made(make_world: Make) -> World:
    """A campaign whose proposals people review."""
    return make_world(**REVIEWED)


def permit(made: World, region: str, count: int = 3, hours: float = 8.0) -> StandingApproval:
    now, limits_of = made.clock.now(), made.lab.limits_of
    until = now + timedelta(hours=hours)
    asked = Asked(region_of(region, made.campaign.space), count, until, ("as usual",))
    return give(made.store, made.id, made.campaign, asked, ANNA, now, limits_of)


def left(made: World) -> int:
    return made.store.standing_approvals(made.id)[-1].left


def test_it_lets_so_many_through_and_then_people_review(made: World) -> None:
    assert made.run().person
    given = permit(made, "all", count=3)
    last = made.run()
    assert last.person and "for a review of" in last.reason
    assert len(made.instrument.executed) == 3
    assert left(made) == 0
    for trial in made.trials(TrialStatus.DONE):
        (review,) = made.store.reviews_of(trial.id)
        (approval,) = made.store.approvals_of(trial.id)
        assert (review.by, review.verdict) == (given.rule, "approve")
        assert review.reasons == ("anna has approved it beforehand: anywhere", "as usual")
        assert (approval.standing, approval.expires_at) == (given.id, given.until)
    made.verify()


def test_what_lies_outside_waits_for_a_person(made: World) -> None:
    permit(made, "x 0..5", count=20)
    made.run()
    sent = list(made.instrument.sent.values())
    assert all(float(point["x"]) <= 5 for point in sent)
    waiting = made.trials(TrialStatus.PROPOSED)
    assert waiting and all(float(one.point["x"]) > 5 for one in waiting)
    assert left(made) == 20 - len(sent)


def minutes(made: World, number: int) -> Round:
    """So many pass, and it looks at each fifth; the last round."""
    last = Round("waiting")
    with closing(cast("Generator[Round]", made.rounds(ttl_s=1e6))) as rounds:
        for _ in range(0, number, 5):
            last = next(rounds)
            made.clock.sleep(300)
    return last


def test_when_it_is_over_people_review(made: World) -> None:
    permit(made, "all", count=20, hours=1)
    made.instrument.seconds = 1500
    last = minutes(made, 100)
    assert last.person and "for a review" in last.reason
    assert len(made.instrument.executed) == 3, "at 0, 25 and 50 min"


def test_revoked_it_lets_nothing_more_through(made: World) -> None:
    given = permit(made, "all", count=20)
    made.instrument.parallel, made.instrument.seconds = 1, 1200
    made.revise(campaign(**REVIEWED, policy={"name": "random", "in_flight": 3}))
    minutes(made, 10)
    assert len(made.trials(TrialStatus.APPROVED)) == 2
    revoke(made.store, given, "the lot is used up", ANNA, made.clock.now())
    last = minutes(made, 60)
    assert last.person and "for a review" in last.reason
    assert len(made.instrument.executed) == 1
    assert not made.trials(TrialStatus.APPROVED)
    made.verify()


def test_a_refused_job_is_permitted_again_and_counted_once(made: World) -> None:
    given = permit(made, "all", count=1)
    made.instrument.starting = lambda job: "refuse" if job.attempt == 1 else "answer"
    made.run()
    assert [job.status for job in made.jobs()] == [JobStatus.REFUSED, JobStatus.DONE]
    first, second = made.store.approvals_of(made.jobs()[0].trials[0])
    assert first.standing == second.standing == given.id
    assert left(made) == 0


def test_after_it_was_revoked_a_refused_job_is_not_permitted_again(made: World) -> None:
    given = permit(made, "all", count=1)

    def refuse(job: object) -> Any:
        del job
        revoke(made.store, given, "stop", ANNA, made.clock.now())
        return "refuse"

    made.instrument.starting = refuse
    last = made.run()
    assert last.person and "for a review" in last.reason
    assert [job.status for job in made.jobs()] == [JobStatus.REFUSED]


def test_the_operators_limits_hold(made: World) -> None:
    limits = {name: {"low": 0, "high": 5, "unit": "mm"} for name in ("x", "y")}
    made.allow(limits=limits)
    with pytest.raises(OutsideLimits, match="x: 6 mm is not 0 to 5 mm"):
        permit(made, "x 0..6")
    permit(made, "all", count=20)
    made.run()
    sent = list(made.instrument.sent.values())
    assert len(sent) == 20
    assert all(float(value) <= 5 for point in sent for value in point.values())


def test_what_was_proposed_under_wider_limits_waits_for_a_person(made: World) -> None:
    made.allow(limits={name: {"low": 0, "high": 10, "unit": "mm"} for name in ("x", "y")})
    made.run()
    made.allow(limits={name: {"low": 0, "high": 0.001, "unit": "mm"} for name in ("x", "y")})
    permit(made, "all", count=20)
    last = made.run()
    assert last.person and "for a review of" in last.reason
    assert made.trials(TrialStatus.PROPOSED) == made.trials()
    assert not made.instrument.executed


@pytest.mark.parametrize(
    ("changed", "lapses"),
    [
        (campaign(**{**REVIEWED, "budget": {"experiments": 30}}), False),
        (
            campaign(
                parameters=[
                    {"name": "x", "type": "continuous", "low": 0, "high": 90, "unit": "mm"},
                    {"name": "y", "type": "continuous", "low": 0, "high": 10, "unit": "mm"},
                ],
                **REVIEWED,
            ),
            True,
        ),
    ],
)
def test_a_wider_space_is_not_what_was_permitted(
    made: World, changed: Campaign, lapses: bool
) -> None:
    permit(made, "y 0..10", count=3)
    made.revise(changed)
    made.run()
    assert len(made.instrument.executed) == (0 if lapses else 3)


def test_limits_that_change_are_not_what_was_permitted(made: World) -> None:
    permit(made, "all", count=3)
    made.allow(limits={name: {"low": 0, "high": 10, "unit": "mm"} for name in ("x", "y")})
    made.run()
    assert not made.instrument.executed


def test_what_the_adapter_speaks_against_is_rejected_all_the_same(made: World) -> None:
    permit(made, "all", count=3)
    made.instrument.against = lambda plan: ("it is too hot",)
    made.run(most=30, patience=3)
    assert not made.instrument.executed
    assert left(made) == 3
    assert made.trials(TrialStatus.REJECTED)
