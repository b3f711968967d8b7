"""Hypothesis strategies, one for each noun: any record that the core lets be made."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from agent.core.actor import Actor, Process
from agent.core.confirming import Anew, Confirming, Ranked
from agent.core.constraints import (
    ExcludedCombination,
    ExpressionConstraint,
    LinearConstraint,
)
from agent.core.decision import Choice, Decision
from agent.core.grounds import Grounds, Influence, Neighbour, RunnerUp
from agent.core.history import Pending
from agent.core.instrument import Hold, Standard
from agent.core.job import Job, JobStatus, Observation, Sample, SampleRef
from agent.core.judgement import Judgement
from agent.core.limits import Limit
from agent.core.outlook import Outlook
from agent.core.register import CampaignStatus, Entry, JournalEntry, Lease, Revision
from agent.core.standing_approval import Revocation, StandingApproval
from agent.core.stock import Movement
from agent.core.trial import (
    Approval,
    Plan,
    Prediction,
    Proposal,
    Review,
    Setting,
    Trial,
    TrialStatus,
)

# PostgreSQL's text holds neither NUL nor half a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ids = st.text("abcdefghijkmnpqrstuvwxyz23456789", min_size=4, max_size=12)
names = st.sampled_from(["temperature", "time", "base", "pH", "Δ", "a b"])
# SQLite's columns do not keep the sign of zero.
floats = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
likelihoods = st.floats(min_value=0, max_value=1).map(lambda number: number + 0.0)
positive = st.floats(min_value=0, max_value=1e12)
counts = st.integers(min_value=1, max_value=2**31)
zones = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))]
)
moments = st.builds(
    lambda micro, zone: datetime.fromtimestamp(0, zone) + timedelta(microseconds=micro),
    st.integers(0, 7 * 10**15),
    zones,
)
scalars = st.one_of(floats, st.integers(min_value=-(2**53), max_value=2**53), texts)
points = st.dictionaries(names, scalars, max_size=4)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | floats | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(texts, json_values, max_size=3)


def several(what: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """A short tuple of them."""
    return st.lists(what, min_size=least, max_size=3).map(tuple)


actors = st.builds(Actor, kind=st.sampled_from(["agent", "person", "rule"]), name=texts)
processes = st.builds(Process, host=texts, boot=texts, pid=st.integers(1, 2**22), started=texts)
entries = st.builds(
    Entry, id=ids, name=ids, status=st.sampled_from(CampaignStatus), reason=texts, at=moments
)
revisions = st.builds(
    Revision,
    campaign=ids,
    number=counts,
    document=documents,
    source=texts,
    diff=several(texts),
    by=actors,
    at=moments,
)
leases = st.builds(
    Lease,
    name=ids,
    holder=processes,
    fence=counts,
    expires_at=moments,
    seen_at=st.none() | moments,
)
holds = st.builds(
    Hold,
    id=ids,
    instrument=ids,
    number=counts,
    word=st.sampled_from(["hold", "release"]),
    reason=texts,
    until=st.none() | moments,
    standard=st.none()
    | st.builds(
        Standard,
        name=texts.filter(bool),
        low=st.floats(-1e9, 0),
        high=st.none() | st.floats(0, 1e9),
        unit=texts,
    ),
    reading=st.none() | floats,
    by=actors,
    at=moments,
)
movements = st.builds(
    Movement,
    id=ids,
    instrument=ids,
    item=ids,
    number=counts,
    word=st.sampled_from(["filled", "counted", "used", "returned"]),
    level=st.floats(min_value=0, max_value=1e9),
    amount=st.floats(min_value=-1e9, max_value=1e9),
    unit=texts,
    job=st.none() | ids,
    reason=texts,
    by=actors,
    at=moments,
)
journal_entries = st.builds(
    JournalEntry,
    campaign=ids,
    seq=counts,
    at=moments,
    by=actors,
    event=texts,
    subject=texts,
    data=documents,
    previous=digests,
    hash=digests,
)
trials = st.builds(
    Trial,
    id=ids,
    campaign=ids,
    number=counts,
    revision=counts,
    batch=st.integers(0, 2**31),
    decision=st.none() | ids,
    role=st.sampled_from(["candidate", "replicate", "blank", "control", "standard"]),
    fidelity=texts,
    steps=several(texts, 1),
    point=points,
    settings=points,
    replicate_of=st.none() | ids,
    origin=texts,
    status=st.sampled_from(TrialStatus),
    at=moments,
)
predictions = st.builds(Prediction, mean=floats, sd=positive)
grounds = st.builds(
    Grounds,
    probability_of_improvement=st.none() | likelihoods,
    neighbours=several(
        st.builds(
            Neighbour,
            trial=ids,
            values=st.dictionaries(names, floats, max_size=2),
            differs=points,
            distance=positive,
        )
    ),
    influences=several(
        st.builds(Influence, row=ids, trial=ids, objective=names, value=floats, moved=floats)
    ),
    runners_up=several(
        st.builds(
            RunnerUp,
            point=points,
            prediction=st.dictionaries(names, st.tuples(floats, floats), max_size=2),
            score=floats,
            feasible=st.none() | likelihoods,
            lost=st.dictionaries(names, floats, max_size=2),
        )
    ),
)
proposals = st.builds(
    Proposal,
    id=ids,
    trial=ids,
    decision=ids,
    prediction=st.dictionaries(names, predictions, max_size=3),
    acquisition=texts,
    score=st.none() | floats,
    feasible=st.none() | likelihoods,
    shares=st.dictionaries(names, floats, max_size=3),
    why=texts,
    grounds=st.none() | grounds,
    at=moments,
)
reviews = st.builds(
    Review,
    id=ids,
    trial=ids,
    number=counts,
    verdict=st.sampled_from(["approve", "edit", "reject"]),
    by=actors,
    reasons=several(texts),
    point=points,
    settings=points,
    at=moments,
)
settings = st.builds(Setting, value=scalars, unit=texts)
plans = st.builds(
    Plan,
    trial=ids,
    revision=counts,
    step=texts,
    fidelity=texts,
    instrument=texts,
    parameters=st.dictionaries(names, settings, max_size=3),
    objectives=st.dictionaries(names, texts, max_size=2),
    instrument_settings=documents,
    limits=texts,
)
approvals = st.builds(
    Approval,
    id=ids,
    trial=ids,
    review=ids,
    step=texts,
    instrument=texts,
    digest=digests,
    by=actors,
    at=moments,
    expires_at=st.none() | moments,
    revoked_at=st.none() | moments,
    job=st.none() | ids,
    standing=st.none() | ids,
)
limits = st.builds(Limit, low=floats, unit=texts) | st.builds(Limit, names=several(texts, least=1))
standing_approvals = st.builds(
    StandingApproval,
    id=ids,
    campaign=ids,
    number=counts,
    instruments=several(texts, 1),
    region=st.dictionaries(names, limits, max_size=3),
    scope=digests,
    count=counts,
    until=moments,
    by=actors,
    reasons=several(texts),
    at=moments,
)
revocations = st.builds(
    Revocation, id=ids, campaign=ids, standing=ids, reason=texts, by=actors, at=moments
)
sample_refs = st.builds(
    SampleRef,
    id=ids,
    trial=ids,
    job=st.none() | ids,
    code=texts,
    lot=texts,
    place=texts,
    executed=st.none() | points,
)
jobs = st.builds(
    Job,
    id=ids,
    campaign=ids,
    trials=several(ids, 1),
    plans=several(plans, 1),
    approvals=several(ids),
    step=texts,
    stage=counts,
    samples=several(sample_refs),
    instrument=texts,
    attempt=counts,
    status=st.sampled_from(JobStatus),
    failure=st.none() | st.sampled_from(["instrument", "infeasible", "unclassified"]),
    message=texts,
    handle=st.none() | documents,
    sender=processes,
    fence=counts,
    cost=positive,
    intended_at=moments,
    started_at=st.none() | moments,
    ended_at=st.none() | moments,
)
samples = st.builds(
    Sample,
    id=ids,
    campaign=ids,
    code=texts,
    job=st.none() | ids,
    trial=ids,
    parent=st.none() | ids,
    lot=texts,
    place=texts,
    executed=st.none() | points,
    at=moments,
)
readings = st.one_of(
    st.fixed_dictionaries({"value": floats}),
    st.fixed_dictionaries({"low": floats}, optional={"high": floats}),
    st.fixed_dictionaries({"high": floats}),
    st.fixed_dictionaries({"void": texts}),
)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """An observation: a value, a bound, or void."""
    return Observation(
        id=draw(ids),
        campaign=draw(ids),
        trial=draw(ids),
        objective=draw(names),
        fidelity=draw(texts),
        replicate=draw(counts),
        job=draw(st.none() | ids),
        sample=draw(st.none() | ids),
        sd=draw(st.none() | positive),
        unit=draw(texts),
        executed=draw(st.none() | points),
        raw=draw(st.none() | digests),
        analysis=draw(texts),
        supersedes=draw(st.none() | ids),
        origin=draw(texts),
        by=draw(actors),
        at=draw(moments),
        **draw(readings),
    )


judgements = st.builds(
    Judgement,
    id=ids,
    campaign=ids,
    trial=ids,
    word=st.sampled_from(["infeasible", "fault", "accept", "remake"]),
    reason=texts,
    by=actors,
    at=moments,
)
choices = st.builds(
    Choice,
    point=points,
    prediction=st.dictionaries(names, st.tuples(floats, floats), max_size=2),
    acquisition=texts,
    score=st.none() | floats,
    feasible=st.none() | likelihoods,
    shares=st.dictionaries(names, floats, max_size=2),
    why=texts,
    replicate_of=st.none() | ids,
    grounds=st.none() | grounds,
)
pendings = st.builds(Pending, trial=ids, point=points)
outlooks = st.builds(
    Outlook, gain=positive, left=st.dictionaries(names, floats, max_size=2), rows=counts
)
rankings = several(st.builds(Ranked, trial=ids, point=points, mean=floats, sd=positive))
confirmings = st.builds(
    Confirming,
    samples=st.integers(0, 9),
    usual=st.none() | st.integers(0, 9),
    left=st.none() | st.integers(0, 99),
    why=texts,
    anew=several(
        st.builds(
            Anew,
            point=points,
            values=several(floats),
            open=st.integers(0, 9),
            tries=st.integers(0, 9),
        )
    ),
)
leeways = (
    st.builds(LinearConstraint, coefficients=st.just({"x": 1.0}), low=floats)
    | st.builds(
        ExpressionConstraint, expression=st.sampled_from(["x <= 1", "not (x > 2 and y < 3)"])
    )
    | st.builds(ExcludedCombination, combination=st.dictionaries(names, several(texts), min_size=1))
)
decisions = st.builds(
    Decision,
    id=ids,
    campaign=ids,
    number=counts,
    revision=counts,
    kind=st.sampled_from(["initial", "model", "given"]),
    rows=several(ids),
    pending=several(pendings),
    barred=several(points),
    infeasible=several(points),
    remakes=several(pendings),
    confirming=st.none() | confirmings,
    started=st.integers(0, 2**31),
    batch=counts,
    seed=st.integers(-(2**63), 2**63 - 1),
    clock=moments,
    budget=st.dictionaries(names, floats, max_size=2),
    leeway=several(leeways),
    policy=documents,
    choices=several(choices),
    state=st.none() | documents,
    notes=several(texts),
    outlook=st.none() | outlooks,
    ranking=rankings,
    fingerprint=st.dictionaries(names, texts, max_size=2),
    at=moments,
)

RECORDS: dict[type[Any], st.SearchStrategy[Any]] = {
    Entry: entries,
    Revision: revisions,
    Lease: leases,
    Hold: holds,
    Movement: movements,
    JournalEntry: journal_entries,
    Trial: trials,
    Proposal: proposals,
    Review: reviews,
    Approval: approvals,
    StandingApproval: standing_approvals,
    Revocation: revocations,
    Job: jobs,
    Sample: samples,
    Observation: observations(),
    Judgement: judgements,
    Decision: decisions,
}
"""Every record that the store keeps, with its strategy."""
