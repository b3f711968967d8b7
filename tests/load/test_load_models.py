"""Pretrained models as priors: asked at points that fill the space, in the units that they take."""

from collections.abc import Sequence
from typing import Any

import pytest

from agent.core.source import Predict
from agent.errors import AdapterError, CampaignError
from tests.load.files import Load, changed


def warm(rows: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """A yield as a fraction: more when it is warm and long, and unsure."""
    return [((kelvin - 273.15) / 200 + hours / 100, 0.05) for kelvin, hours in rows]


def broken(rows: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    raise AdapterError("the model 'net' cannot be asked: RuntimeError: too warm", "see its package")


class Shelf(dict[str, Predict]):
    """Models by their names; one cannot be loaded."""

    def __getitem__(self, name: str) -> Predict:
        if name == "gone":
            raise AdapterError("the model 'gone' cannot be loaded", "is its package installed?")
        return super().__getitem__(name)


SHELF = Shelf(
    {"net": warm, "bad": broken, "gone": warm, "nan": lambda rows: [(0.0, 0.0)] * len(rows)}
)
INPUTS = ["temperature [K]", "time [h]"]


def prior(**more: Any) -> dict[str, Any]:
    return changed(priors=[{"model": "net", "inputs": INPUTS, "value": "y [1]", **more}])


def test_it_is_asked_in_its_own_units(load: Load) -> None:
    (source,) = load(prior(), models=SHELF).sources
    assert (source.name, source.trust) == ("net", "similar")
    assert 350 < len(source.rows) <= 400
    for row in source.rows[:20]:
        temperature, time = float(row.point["temperature"]), float(row.point["time"])
        assert row.value == pytest.approx(100 * (temperature / 200 + time / 100))
        assert row.sd == pytest.approx(5)


def test_another_quantity_tells_only_its_shape(load: Load) -> None:
    (source,) = load(prior(value="y [eV]"), models=SHELF).sources
    assert not source.comparable


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        ({"model": "nett"}, "priors[0].model", "no model 'nett'"),
        ({"model": "gone"}, "priors[0].model", "cannot be loaded"),
        ({"model": "bad"}, "priors[0].model", "too warm"),
        ({"model": "nan"}, "priors[0].model", "the same everywhere"),
        ({"inputs": []}, "priors[0]", "needs its inputs"),
        ({"inputs": ["temperature"]}, "priors[0].inputs[0]", "not said in which unit"),
        ({"inputs": ["temperature [kg]"]}, "priors[0].inputs[0]", "is no kg"),
        ({"inputs": ["temprature [K]"]}, "priors[0].inputs[0]", "no column 'temprature'"),
        ({"inputs": ["solvent"]}, "priors[0].inputs[0]", "is a name"),
    ],
)
def test_what_does_not_fit_is_told(load: Load, more: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(CampaignError) as caught:
        load(prior(**more), models=SHELF)
    (fault,) = caught.value.faults
    assert fault.path.startswith(where)
    assert what in fault.what


def test_without_models_it_says_where_they_come_from(load: Load) -> None:
    with pytest.raises(CampaignError, match="operators' file"):
        load(prior())
