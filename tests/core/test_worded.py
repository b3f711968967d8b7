"""What results have shown of predictions, in words."""

import pytest

from agent.core.calibration import Calibration, calibration
from agent.core.record import Tested
from agent.core.worded import REMEDIES, covered, errors_of, judged, moved, reviewed


def came(offs: list[float]) -> Calibration:
    """Of predictions of 0, 1, 2, … with a deviation of 2 that were so many deviations too low."""
    record = [Tested(mean=n, sd=2.0, value=n + 2 * off) for n, off in enumerate(offs)]
    found = calibration("yield", record)
    assert found is not None
    return found


def test_a_good_record_is_told_in_two_lines() -> None:
    one = came([0.5, -0.5, 1.0, -1.0, 1.5, -1.5] * 2)
    assert covered(one) == "12 of 12 within 95 %, 8 within 80 %, 4 within 50 %"
    assert (
        errors_of(one, "%")
        == "off by 2 % on average, where values differ by 4; rank correlation 0.86"
    )
    assert judged(one, "%") == "nothing speaks against them"


def test_where_points_are_is_told_where_it_is_known() -> None:
    record = [Tested(mean=n, sd=1, value=n, distance=0.5 if n < 4 else 0.1) for n in range(12)]
    one = calibration("yield", record)
    assert one is not None
    assert moved(one) == (
        "the last 8 points are 0.1 from the nearest measured one (of the unit cube), those before 0.5"
    )
    assert moved(came([0.5])) == ""


def test_few_are_not_judged() -> None:
    assert judged(came([0.5]), "%") == "fewer than 10 are too few to judge by"
    assert "rank" not in errors_of(came([0.5]), "1")


@pytest.mark.parametrize(
    ("offs", "words"),
    [
        ([3.0, -3.0] * 8, "too sure: off by 3.0 times what they said"),
        ([0.2, -0.2] * 10, "less sure than they may be: off by 0.2 times what they said"),
        ([1.2, 2.0] * 12, "results are higher than predicted, by 1.6 deviations on average"),
        (
            [0.4, -0.4] * 10 + [-2.9, -2.1] * 8,
            "residuals drift: the last 16 results are lower than predicted by 5 % on average",
        ),
    ],
)
def test_a_fault_is_told_with_its_size(offs: list[float], words: str) -> None:
    one = came(offs)
    assert judged(one, "%").split("; ")[0] == words
    assert all(REMEDIES[fault] for fault in one.faults)


def test_a_reviewer_is_told_how_wide_an_interval_had_to_be() -> None:
    one = came([3.0, -3.0] * 8)
    assert one.widened == pytest.approx(((5 + 9 * 16) / 21) ** 0.5)
    (line,) = reviewed(one, 10.0, 1.0, "mg")
    assert line.endswith(
        "too sure: off by 3.0 times what they said; as wide as that, 4.673 to 15.33 mg"
    )
    assert reviewed(came([0.5, -0.5] * 2), 10.0, 1.0, "mg") == []
    (line,) = reviewed(came([1.2, 2.0] * 12), 10.0, 1.0, "")
    assert "higher than predicted" in line
