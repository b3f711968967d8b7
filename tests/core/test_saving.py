"""What priors have saved or cost, in words and numbers."""

from agent.core.saving import Saving


def saving(needed: int, *without: int, **less: tuple[int, ...]) -> Saving:
    return Saving(needed=needed, without=without, most=30, less=less, after=12)


def test_it_is_what_would_have_been_needed_less_what_was():
    assert saving(4, 9, 11).experiments == 6
    assert saving(4, 9, 11).words == (
        "saved about 6 experiments by 12 results (as good after 4; without them after 9 to 11, in 2 "
        "imagined campaigns)"
    )


def test_a_prior_that_misleads_has_cost_some():
    assert "cost about 3 experiments" in saving(9, 6, 6).words


def test_of_a_few_results_nothing_is_said():
    early = saving(1, 9, 11).model_copy(update={"after": 3})
    assert early.words == "after 3 of 5 results it is too early to say what they have saved"


def test_one_that_did_not_get_there_makes_it_at_least():
    assert "saved at least 24 experiments" in saving(4, 25, 31).words


def test_each_of_several_is_told():
    told = saving(4, 10, 12, dft=(9, 9), old=(3, 3))
    assert told.by_source == {"dft": 5, "old": -1}
    assert told.words.endswith("each beside the others: dft +5, old -1")
