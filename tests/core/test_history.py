"""What counts as a row, what is best, and how long ago it became better."""

from agent.core.history import (
    best,
    bounds_of,
    current,
    curve,
    effective,
    key,
    rows_of,
    since_improvement,
)
from agent.core.objective import Objective
from agent.core.trial import TrialStatus
from tests.core.made import observation, review, trial

MOST = Objective(name="y", unit="1", goal="maximise")
LEAST = Objective(name="y", unit="1", goal="minimise")


def rows(trials, observations, reviews=(), **said):
    return rows_of(trials, observations, [MOST], effective(trials, reviews), **said)


def test_only_values_of_candidates_and_replicates_at_target_fidelity_count():
    trials = [
        trial(1),
        trial(2, role="replicate"),
        trial(3, role="blank"),
        trial(4, status=TrialStatus.VOIDED),
    ]
    observed = [
        observation(1, "c-T0001"),
        observation(2, "c-T0002"),
        observation(3, "c-T0003"),
        observation(4, "c-T0004"),
        observation(5, "c-T0001", objective="other"),
        observation(6, "c-T0001", fidelity="cheap"),
        observation(7, "c-T0001", void="spilled"),
        observation(8, "c-T0001", low=3.0),
    ]
    assert [row.id for row in rows(trials, observed)] == ["c-O0001", "c-O0002"]


def test_bounds_are_of_the_same_trials_and_stand_apart():
    trials = [trial(1), trial(2, role="blank"), trial(3, status=TrialStatus.VOIDED)]
    observed = [
        observation(1, low=0.5, sd=0.1, executed={"x": 1.5}),
        observation(2, low=0.4, high=0.6),
        observation(3, high=3.0, supersedes="c-O0002"),
        observation(4, value=2.0),
        observation(5, "c-T0002", low=1.0),
        observation(6, "c-T0003", low=1.0),
        observation(7, low=1.0, fidelity="cheap"),
        observation(8, void="spilled"),
    ]
    found = bounds_of(trials, observed, [MOST], effective(trials, ()))
    assert [(one.id, one.low, one.high, one.sd) for one in found] == [
        ("c-O0001", 0.5, None, 0.1),
        ("c-O0003", None, 3.0, None),
    ]
    assert found[0].point == {"x": 1.5}
    assert [row.id for row in rows(trials, observed)] == ["c-O0004"]


def test_a_correction_replaces_and_keeps():
    observed = [observation(1, value=1.0), observation(2, value=9.0, supersedes="c-O0001")]
    assert [one.value for one in current(observed)] == [9.0]
    assert [row.value for row in rows([trial(1)], observed)] == [9.0]


def test_imported_rows_teach_and_do_not_count():
    trials = [trial(1), trial(2, origin="imported:old.csv")]
    observed = [observation(1, "c-T0001"), observation(2, "c-T0002")]
    assert len(rows(trials, observed)) == 2
    assert [row.trial for row in rows(trials, observed, own=True)] == ["c-T0001"]


def test_a_row_is_at_the_settings_as_executed_and_else_as_edited():
    trials = [trial(1, point={"x": 1.0}), trial(2, point={"x": 2.0})]
    observed = [observation(1, "c-T0001", executed={"x": 1.1, "log": 5}), observation(2, "c-T0002")]
    edits = [review("c-T0002", verdict="edit", point={"x": 2.5})]
    assert [row.point for row in rows(trials, observed, edits)] == [{"x": 1.1}, {"x": 2.5}]


def test_a_rejection_does_not_change_the_point():
    one = trial(1, point={"x": 1.0})
    said = [
        review(verdict="edit", point={"x": 2.0}),
        review(number=2, verdict="reject", point={"x": 9.0}),
    ]
    assert effective([one], said)[one.id].point == {"x": 2.0}


def test_best_is_the_mean_of_replicates():
    trials = [trial(1, point={"x": 1.0}), trial(2, point={"x": 1.0}), trial(3, point={"x": 3.0})]
    observed = [observation(n, f"c-T000{n}", value=v) for n, v in ((1, 9.0), (2, 1.0), (3, 6.0))]
    found = best(rows(trials, observed), MOST)
    assert found is not None
    assert (found.value, found.rows, found.point) == (6.0, 1, {"x": 3.0})
    assert best(rows(trials, observed), LEAST).value == 5.0


def test_the_curve_only_gets_better():
    made = rows(
        [trial(n) for n in range(1, 5)],
        [observation(n, f"c-T000{n}", value=v) for n, v in enumerate((1, 3, 2, 3), 1)],
    )
    assert curve(made, MOST) == (1, 3, 3, 3)
    assert curve(made, LEAST) == (1, 1, 1, 1)
    assert since_improvement(made, MOST) == 2
    assert since_improvement(made, LEAST) == 3
    assert since_improvement((), MOST) == 0


def test_a_point_has_one_name_however_it_was_written():
    assert key({"a": 1, "b": "x"}) == key({"b": "x", "a": 1.0})
    assert key({"a": 0.1 + 0.2}) == key({"a": 0.3})
    assert key({"a": 1.0}) != key({"a": 1.001})


def test_goals():
    match = Objective(name="y", unit="eV", goal="match", target=1.5)
    within = Objective(name="y", unit="eV", goal="within", low=1.0, high=2.0)
    assert [match.score(v) for v in (1.0, 1.5, 2.5)] == [-0.5, 0.0, -1.0]
    assert [within.score(v) for v in (0.5, 1.0, 1.7, 4.0)] == [-0.5, 0.0, 0.0, -2.0]
    assert (LEAST.score(2.0), MOST.score(2.0)) == (-2.0, 2.0)
