"""The operators' table of failures: what an instrument's own words mean."""

import pytest
from pydantic import ValidationError

from agent.core.adapter import Outcome
from agent.core.failures import FailureLine, classified

TABLE = [
    FailureLine(code="E7", message="torque", kind="infeasible", reason="it has gelled"),
    FailureLine(code="E7", kind="instrument"),
    FailureLine(pattern=r"(?i)no tips? left", kind="resources"),
    FailureLine(message="calibration", kind="unclassified"),
]


def failed(code: str = "", message: str = "", failure: str | None = None) -> Outcome:
    return Outcome(state="failed", code=code, message=message, failure=failure)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "kind", "number"),
    [
        (failed("E7", "torque too high"), "infeasible", 1),
        (failed("E7", "Torque too high"), "instrument", 2),
        (failed("E8", "No tip left in rack 3"), "resources", 3),
        (failed(message="calibration due", failure="infeasible"), "unclassified", 4),
    ],
)
def test_the_first_line_that_fits_says_the_kind(outcome: Outcome, kind: str, number: int) -> None:
    found = classified(outcome, TABLE)
    assert found is not None
    assert (found.kind, found.number) == (kind, number)


@pytest.mark.parametrize("outcome", [failed("E70", "torque"), failed(), failed("e7", "no")])
def test_what_is_not_in_it_is_not_classified(outcome: Outcome) -> None:
    assert classified(outcome, TABLE) is None


@pytest.mark.parametrize("state", ["running", "done", "cancelled", "lost"])
def test_only_failures_are_classified(state: str) -> None:
    outcome = Outcome(state=state, code="E7", message="torque")  # type: ignore[arg-type]
    assert classified(outcome, TABLE) is None


def test_it_says_by_which_line_and_why() -> None:
    told = "line 1 of the operators' failures (code E7, message torque): it has gelled"
    assert str(classified(failed("E7", "torque"), TABLE)) == told


@pytest.mark.parametrize(
    "line", [{}, {"pattern": "("}, {"code": ""}, {"code": "E7", "kind": "bad"}]
)
def test_a_line_that_fits_nothing_is_none(line: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        FailureLine.model_validate({"kind": "instrument", **line})
