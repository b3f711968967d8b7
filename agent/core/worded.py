"""Values of objectives in words: for terminals, artifacts and reports."""

from collections.abc import Mapping

from agent.core.aim import Aim
from agent.core.question import Question


def told(values: Mapping[str, float], aim: Aim) -> str:
    """Each value with its objective and unit: `yield 83 percent, cost 1.2 EUR`."""
    return ", ".join(
        f"{one.name} {values[one.name]:.5g}" + ("" if one.unit == "1" else f" {one.unit}")
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
