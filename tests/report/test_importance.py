"""The figure of what matters."""

from agent.core.importance import Importance, Part
from agent.report import Models, render
from tests.report.pages import Page
from tests.report.worlds import alloys, simple, traded


def part(*names: str, share: float = 0.5) -> Part:
    return Part(parameters=names, share=share, low=share - 0.1, high=share + 0.1)


def page(found: Importance, *more: Importance) -> Page:
    world = traded() if more else simple([1.0, 2.0])
    return Page(
        render(world.standing(), world.proposals, models=Models(matters=(4, (found, *more))))
    )


def test_each_parameter_has_a_bar_and_a_range() -> None:
    totals = (part("x", share=0.7), part("z", share=0.2))
    found = page(
        Importance(
            objective="y",
            totals=totals,
            alone=(part("x", share=0.6),),
            pairs=(part("x", "z", share=0.1),),
        )
    )
    assert found.count("rect", "share") == 3
    assert found.count("rect", "alone") == 1
    assert found.count("line", "whisker") == 2 * 3
    assert (
        "x: 70\u00a0% (60\u00a0% to 80\u00a0%); alone 60\u00a0% (50\u00a0% to 70\u00a0%)"
        in found.tips
    )
    words = found.words("importance")
    assert "Only together: x with z 10 % (0 % to 20 %)." in words.replace("\u00a0", " ")
    assert "decision 4" in words
    assert not found.unbalanced


def test_each_objective_has_a_figure() -> None:
    both = [
        Importance(objective=name, totals=(part("x"),), alone=(), pairs=())
        for name in ("mass", "price")
    ]
    words = page(*both).words("importance")
    assert "mass" in words
    assert "price" in words


def test_of_very_many_the_foremost_are_drawn_and_names_are_escaped() -> None:
    names = ["<b>&" + "x" * 40, *(f"p{n}" for n in range(14))]
    found = page(
        Importance(objective="y", totals=tuple(part(one) for one in names), alone=(), pairs=())
    )
    assert found.count("rect", "share") == 12
    assert "3 more matter less" in found.words("importance")
    assert found.tips.count(f"{names[0]}: 50\u00a0% (40\u00a0% to 60\u00a0%)") == 1
    assert not found.unbalanced


def test_where_it_was_not_asked_for_there_is_none() -> None:
    world = alloys()
    assert "importance" not in Page(render(world.standing(), world.proposals)).sections
