"""What is exported and imported elsewhere is the same history, whatever was in it."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.campaign import Campaign
from agent.exchange import apply_import, export, plan_import
from agent.exchange.cells import escaped, header, parted, unescaped
from agent.standing import stand
from tests.exchange.world import ANNA, CAMPAIGN, NOW, add, new_store

points = st.fixed_dictionaries(
    {
        "temperature": st.integers(40, 240).map(lambda ticks: ticks / 2),
        "solvent": st.sampled_from(["DMF", "NA", "=cmd()", "-78"]),
        "passes": st.integers(1, 5),
        "ratio": st.sampled_from([1.0, 1.5, 2.0]),
    }
)
yields = st.one_of(
    st.builds(
        lambda value, sd: {"value": value, "sd": sd},
        st.floats(0, 100),
        st.none() | st.floats(0, 10),
    ),
    st.builds(lambda high: {"high": high}, st.floats(0, 100)),
    st.builds(lambda why: {"void": why}, st.sampled_from(["spilt", "=lost", "a, b\nc"])),
)
purities = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda value: {"value": value})
executed = st.none() | st.floats(20, 120).map(lambda value: {"temperature": value})
trials = st.lists(st.tuples(points, yields, purities, executed), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=trials, ending=st.sampled_from(["csv", "parquet", "json"]))
def test_history_survives_the_round_trip(made: list[Any], ending: str) -> None:
    with new_store() as first, new_store() as second, tempfile.TemporaryDirectory() as folder:
        for number, (point, one, other, told) in enumerate(made, start=1):
            readings = [
                {"objective": "yield_", "executed": told, **one},
                {"objective": "purity", "executed": told, **other},
            ]
            add(first, number, readings, point=point)
        path = Path(folder) / f"out.{ending}"
        export(first, "suzuki", path, NOW)
        plan = plan_import(second, "suzuki", path)
        assert plan.faults == ()
        apply_import(plan, second, ANNA, NOW)
        assert plan_import(second, "suzuki", path).rows == ()
        assert plan_import(first, "suzuki", path).rows == ()
        ours, theirs = (stand(store, "suzuki", NOW) for store in (first, second))
        assert [t.point for t in theirs.trials] == [t.point for t in ours.trials]
        assert [_told(row) for row in theirs.rows] == [_told(row) for row in ours.rows]
        kinds = [(o.objective, o.kind, o.void) for o in ours.observations]
        assert [(o.objective, o.kind, o.void) for o in theirs.observations] == kinds


def _told(row: Any) -> tuple[Any, ...]:
    numbers = {k: v if isinstance(v, str) else f"{v:.9g}" for k, v in row.point.items()}
    return numbers, f"{row.value:.9g}", None if row.sd is None else f"{row.sd:.9g}"


names = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=8), st.sampled_from(["NA", "=cubic", "1", "void", "a|b"])
    )
    .map(str.strip)
    .filter(lambda name: name.isprintable() and name and " | " not in name),
    min_size=2,
    max_size=4,
    unique=True,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=names, ending=st.sampled_from(["csv", "parquet", "json"]), data=st.data())
def test_classes_go_out_and_come_in_by_their_names(
    names: list[str], ending: str, data: st.DataObject
) -> None:
    phase = {"name": "phase", "goal": "classify", "classes": names}
    campaign = Campaign.model_validate({**CAMPAIGN.model_dump(), "objectives": [phase]})
    numbers = st.integers(0, len(names) - 1).map(float)
    seen = data.draw(st.lists(st.lists(numbers, max_size=3), min_size=1, max_size=3))
    with (
        new_store(campaign) as first,
        new_store(campaign) as second,
        tempfile.TemporaryDirectory() as folder,
    ):
        for number, values in enumerate(seen, start=1):
            readings = [{"objective": "phase", "value": value} for value in values]
            add(first, number, readings or [{"objective": "phase", "void": "spilt"}])
        path = Path(folder) / f"out.{ending}"
        export(first, "suzuki", path, NOW)
        plan = plan_import(second, "suzuki", path)
        assert plan.faults == ()
        apply_import(plan, second, ANNA, NOW)
        assert plan_import(second, "suzuki", path).rows == ()
        assert plan_import(first, "suzuki", path).rows == ()
        told = [
            [row.value for row in stand(second, "suzuki", NOW).rows if row.trial == trial.id]
            for trial in stand(second, "suzuki", NOW).trials
        ]
        assert told == [own[:1] if len(set(own)) == 1 else own for own in seen]


@given(st.text())
def test_escaping_is_undone(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True), st.sampled_from(["K", "", "%"])
)
def test_headers_are_taken_apart_again(name: str, unit: str) -> None:
    assert parted(header(name, unit)) == (name, unit or None)
