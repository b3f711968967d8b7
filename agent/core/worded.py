"""Values of objectives in words: for terminals, artifacts and reports."""

from collections.abc import Iterable, Mapping

from agent.core.aim import Aim
from agent.core.calibration import ENOUGH, WINDOW, Calibration, Fault
from agent.core.question import Question
from agent.core.replicates import Scatter, Scatters


def told(values: Mapping[str, float], aim: Aim, limits: Mapping[str, str] | None = None) -> str:
    """Each value with its objective and unit: `yield 83 percent, cost 1.2 EUR`; of what is only known
    to be below or above its value, with `limits` of the objective: `impurity < 0.1 percent`.
    """
    sides = {name: f"{side} " for name, side in (limits or {}).items()}
    return ", ".join(
        f"{one.name} {sides.get(one.name, '')}{values[one.name]:.5g}"
        + ("" if one.unit == "1" else f" {one.unit}")
        for one in aim.objectives
        if one.name in values
    )


def figures(mean: float, sd: float) -> str:
    """`mean ± sd` with as many digits as sd supports."""
    return f"{like(mean, sd)} ± {sd:.2g}"


def like(value: float, sd: float) -> str:
    """`value` rounded where two digits of sd end."""
    if not 1e-4 <= sd <= 1e6:
        return f"{value:.4g}"
    digits = max(0, 1 - int(f"{sd:e}".split("e")[1]))
    return f"{value:.{digits}f}"


def significant(value: float, digits: int) -> str:
    """`value` to so many significant digits, written out where it is below 10000: 110, not 1.1e+02."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(float(text)) < 1e4 else text


def percent(share: float) -> str:
    """A share in per cent; one that is nearly nothing or all is not called that."""
    if 0 < share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def asked(question: Question, number: int, unit: str) -> str:
    """A result in question: `12: yield 8.3 percent, where 41.2 to 78 was expected`.

    Args:
        question: What is in question.
        number: Of its trial.
        unit: Of its objective.
    """
    mean, far = question.expected.mean, question.expected.far
    read = f"{question.objective} {question.value:.5g}" + ("" if unit == "1" else f" {unit}")
    again = ", ".join(f"{value:.5g}" for value in question.remade)
    return f"{number}: {read}, where {mean - far:.4g} to {mean + far:.4g} was expected" + (
        f"; made again: {again}" if again else ""
    )


def covered(one: Calibration) -> str:
    """How many values were inside their intervals: `12 of 14 within 95 %, 10 within 80 %, 6 within 50 %`."""
    shown = sorted(one.coverage, key=lambda part: -part.level)
    first, *others = shown
    return ", ".join(
        [f"{first.inside} of {first.of} within {first.level} %"]
        + [f"{part.inside} within {part.level} %" for part in others]
    )


def errors_of(one: Calibration, unit: str) -> str:
    """How far off predictions were: `off by 0.21 eV on average, where values differ by 0.8`."""
    after = "" if unit == "1" else f" {unit}"
    rank = "" if one.rank is None else f"; rank correlation {one.rank:.2f}"
    return f"off by {one.mae:.2g}{after} on average, where values differ by {one.varied:.2g}{rank}"


def moved(one: Calibration) -> str:
    """Where points are chosen now, and were before; nothing where that is not known."""
    if one.inputs is None:
        return ""
    return (
        f"the last {WINDOW} points are {one.inputs.last:.2g} from the nearest measured one (of the unit "
        f"cube), those before {one.inputs.before:.2g}"
    )


def judged(one: Calibration, unit: str) -> str:
    """The verdict on predictions in words."""
    if not one.faults:
        return (
            f"fewer than {ENOUGH} are too few to judge by"
            if one.verdict == "too few"
            else "nothing speaks against them"
        )
    return "; ".join(_fault(one, fault, unit) for fault in one.faults)


def _fault(one: Calibration, fault: Fault, unit: str) -> str:
    after = "" if unit == "1" else f" {unit}"
    match fault:
        case "drifting" if one.drift is not None:
            way = "lower" if one.drift.residual < 0 else "higher"
            return (
                f"residuals drift: the last {one.drift.last} results are {way} than predicted by "
                f"{abs(one.drift.residual):.2g}{after} on average"
            )
        case "biased":
            way = "lower" if one.bias < 0 else "higher"
            return f"results are {way} than predicted, by {abs(one.bias):.1f} deviations on average"
        case "overconfident":
            return f"too sure: off by {one.spread:.1f} times what they said"
    return f"less sure than they may be: off by {one.spread:.1f} times what they said"


def reviewed(one: Calibration, mean: float, sd: float, unit: str) -> list[str]:
    """What a reviewer of another prediction is told: what is wrong with those so far, if something is,
    and the 95 % interval as wide as it had to be.
    """
    if not one.faults:
        return []
    words = f"earlier predictions: {judged(one, unit or '1')}"
    if "overconfident" not in one.faults:
        return [words]
    reach = 2 * sd * one.widened
    return [f"{words}; as wide as that, {mean - reach:.4g} to {mean + reach:.4g} {unit}".rstrip()]


def doubted(found: Iterable[Calibration]) -> list[str]:
    """What a decision notes of faults of predictions: words that stay the same while a fault does."""
    return [
        f"predictions of {one.objective} are {fault} beyond chance: {REMEDIES[fault]}"
        for one in found
        for fault in one.faults
    ]


REMEDIES: dict[Fault, str] = {
    "drifting": "look at the instrument, at lots and at the room since then, and measure an early "
    "point again",
    "biased": "compare models (athanor validate), and look for what results depend on beside the "
    "parameters, and at the reading itself",
    "overconfident": "measure points again to learn the noise (policy: replicates), explore (policy: uncertainty), or "
    "compare models (athanor validate)",
    "underconfident": "state what readings are uncertain by, if that is known; it costs a few "
    "experiments too many, and nothing is promised wrongly",
}
"""What a person can do about a fault of the predictions."""


def scattered(told: Scatters, unit: str) -> str:
    """Both variances, as standard deviations: `readings of one sample ± 0.41 mg (6 degrees of
    freedom), samples made anew ± 1.2 mg (4)`; empty where nothing was repeated.
    """
    also = ", readings included" if told.together else ""
    kinds = (("readings of one sample", told.reread, ""), ("samples made anew", told.remade, also))
    found = [(what, one, more) for what, one, more in kinds if one is not None]
    return ", ".join(
        f"{what} {_scatter(one, unit, first=place == 0)}{more}"
        for place, (what, one, more) in enumerate(found)
    )


def _scatter(one: Scatter, unit: str, *, first: bool) -> str:
    freedom = "degree of freedom" if one.freedom == 1 else "degrees of freedom"
    counted = f"{one.freedom} {freedom}" if first else f"{one.freedom}"
    return f"± {one.sd:.2g}" + ("" if unit == "1" else f" {unit}") + f" ({counted})"


def last_words(reason: str) -> str:
    """The last line of a reason: of a traceback, what was raised."""
    lines = reason.strip().splitlines()
    return lines[-1].strip() if lines else ""
