"""What the report says, for campaigns that stand in many ways."""

import random
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.actor import Actor
from agent.core.budget import Budget
from agent.core.compositions import Component, CompositionParameter
from agent.core.grounds import Grounds, Influence, Neighbour, RunnerUp
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter
from agent.core.pools import CandidatesParameter, Pool
from agent.core.register import CampaignStatus, JournalEntry, Revision
from agent.core.saving import Saving
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.report import render
from tests.loop.worlds import HandClock, followed
from tests.report.pages import Page
from tests.report.worlds import (
    ANNA,
    START,
    World,
    alloys,
    reactor,
    renamed,
    simple,
    traded,
    unknown,
)


def page(world: World, *status: object, **more: object) -> Page:
    return Page(render(world.standing(*status), world.proposals, space=world.space, **more))


class TestHeadline:
    def test_says_what_is_best_and_that_it_is_finished(self) -> None:
        found = page(alloys(), CampaignStatus.FINISHED, "20 of 20 experiments are started")
        assert found.title == (
            "ScPt (B2) is the best of 20 measured: formation energy −1.122 eV/atom. "
            "Finished: 20 of 20 experiments are started."
        )

    def test_a_point_without_a_name_is_a_trial_with_its_settings(self) -> None:
        found = page(reactor())
        assert found.title.startswith("Trial 13 is the best of 17 measured: yield 91.3 %.")
        assert "temperature 84.0 °C" in found.words("")
        assert "residence_time 7.12 min" in found.words("")

    def test_waiting_for_a_review(self) -> None:
        found = page(reactor(waiting=2))
        assert found.title.endswith("Waiting for your review of 2 proposals.")
        assert "Trial 19: temperature 84.5 °C" in found.words("waiting")
        assert "predicted 88.0 ± 3.1 %. the best expected" in found.words("waiting")
        assert page(reactor(waiting=1)).title.endswith("review of 1 proposal.")

    def test_a_job_in_doubt_comes_before_everything(self) -> None:
        found = page(unknown(reactor()), CampaignStatus.ACTIVE)
        assert "In doubt: a person must say what became of 1 job." in found.title
        assert "c-T0021.1.1" in found.words("doubt")
        assert "did not answer for 30 min" in found.words("doubt")
        assert found.html.index('id="doubt"') < found.html.index('id="waiting"')

    def test_nothing_yet(self) -> None:
        found = page(simple())
        assert found.title == "Nothing is measured yet. Active: nothing is in flight."
        assert found.words("trials") == "Trials No trial yet."
        assert "progress" not in found.sections

    def test_only_failures(self) -> None:
        world = simple()
        for n in range(3):
            world.failed({"x": n}, "instrument", "no vacuum")
        found = page(world)
        assert found.title.startswith("Nothing is measured yet; 3 failed.")
        assert found.count("path", "failed") == 2 * 3 + 1  # wide, narrow, and the key
        assert "instrument: no vacuum" in found.words("trials")

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (CampaignStatus.PAUSED, "Paused: for lunch."),
            (CampaignStatus.STOPPED, "Stopped: for lunch."),
        ],
    )
    def test_what_people_have_said(self, status: CampaignStatus, words: str) -> None:
        assert page(simple([1.0]), status, "for lunch").title.endswith(words)

    def test_jobs_under_way(self) -> None:
        world = simple([1.0])
        world.job(world.trial({"x": 9}, TrialStatus.IN_PROGRESS), "running")
        assert page(world).title.endswith("Running: 1 job is at the instrument.")

    @pytest.mark.parametrize(
        ("goal", "words"),
        [
            ({"goal": "match", "target": 2.0}, "Trial 2 is nearest to 2 mm of 3 measured"),
            ({"goal": "within", "low": 2.5, "high": 4.0}, "Trial 3 lies within the wanted range"),
            ({"goal": "within", "low": 9.0}, "Trial 3 is nearest to the wanted range"),
        ],
    )
    def test_other_goals(self, goal: dict[str, object], words: str) -> None:
        assert page(simple([1.0, 2.2, 3.0], unit="mm", **goal)).title.startswith(words)

    def test_replicates_count_as_one_point_by_their_mean(self) -> None:
        world = simple([1.0])
        world.measured({"x": 0}, 3.0, role="replicate", replicate_of="c-T0001")
        world.measured({"x": 7}, 1.9)
        found = page(world)
        assert found.title.startswith("Trial 1 is the best of 2 measured: y 2.00 (mean of 2).")
        assert "replicate" in found.words("trials")

    def test_budget_bars_have_units(self) -> None:
        words = page(reactor()).words("")
        assert "experiments 18 of 40" in words
        assert "cost 225 of 600 EUR" in words


class TestSeveralObjectives:
    def test_the_front_is_told_drawn_and_listed(self) -> None:
        found = page(traded(12))
        assert found.title.startswith(
            "9 of 12 measured are on the front: none is better in both mass and price. They dominate"
        )
        front = found.words("front")
        assert "8.00 mg 64.0 EUR" in front
        assert "Trial 10" not in front.split("point")[1]
        assert "price against mass: 9 of 12 points are on the front" in found.html

    def test_each_objective_has_its_figures_and_columns(self) -> None:
        found = page(traded(12))
        assert "Best so far: mass" in found.words("progress-mass")
        assert "Best so far: price" in found.words("progress-price")
        assert "What was tried where: price" in found.words("tried-price")
        assert [head for head in found.rows[10] if head.startswith("measured")] == [
            "measured: mass mg",
            "measured: price EUR",
        ]

    def test_of_one_desirability_there_is_a_best_and_no_front(self) -> None:
        mass = Objective(name="mass", unit="mg", goal="maximise", worst=0, ideal=8)
        price = Objective(name="price", unit="EUR", goal="minimise", worst=100, ideal=0)
        found = page(traded(12, objectives=(mass, price), trade_off="desirability"))
        assert found.title.startswith("Trial 7 is the best of 12 measured: desirability 0.")
        assert "front" not in found.sections
        account = found.words("campaign")
        assert "mass: maximise, in mg (worst 0, ideal 8, weight 1)" in account

    def test_what_is_required_and_only_a_bound_stands_in_the_list_of_the_front(self) -> None:
        mass = Objective(name="mass", unit="mg", goal="maximise")
        price = Objective(name="price", unit="EUR", goal="minimise")
        dirt = Objective(name="dirt", unit="percent", goal="require", high=0.5)
        world = traded(4, objectives=(mass, price, dirt))
        world.observations += [
            one.model_copy(update={
                "id": f"{one.id}d", "objective": "dirt", "unit": "percent", "value": None, "high": 0.1,
            })
            for one in world.observations
            if one.objective == "mass"
        ]  # fmt: skip
        found = page(world)
        assert found.title.startswith("4 of 4 measured are on the front with dirt as required")
        assert "< 0.1" in found.words("front")
        assert "or is not as required" in found.words("front")

    def test_nothing_permitted_is_said(self) -> None:
        mass = Objective(name="mass", unit="mg", goal="maximise")
        price = Objective(name="price", unit="EUR", goal="require", low=500)
        found = page(traded(5, objectives=(mass, price)))
        assert found.title.startswith("None of 5 measured is complete with price as required.")


class TestFigures:
    def test_every_value_is_a_dot_and_the_first_design_is_apart(self) -> None:
        found = page(alloys())
        assert found.count("circle", "first") == 2 * 5 + 1
        # Twice in the figure of the best, once against its prediction, once in the key.
        assert found.count("circle", "model") == 3 * 15 + 1
        assert found.count("rect", "first-design") == 2
        assert "ScPt (B2) (trial 9): −1.122\u00a0eV/atom" in found.tips

    def test_the_goal_is_drawn(self) -> None:
        assert page(simple([1.0], goal="within", low=0.0)).count("rect", "wanted") == 2
        assert page(simple([1.0], goal="match", target=0.0)).count("line", "goal") == 2
        assert page(reactor()).count("line", "goal") == 2

    def test_predictions_are_those_made_before(self) -> None:
        words = page(alloys()).words("predicted")
        assert "15 of 15 inside their 95 % interval" in words
        assert "14 would be expected" in words
        assert "predicted" not in page(alloys(5)).sections
        assert "2 predictions are too few" in page(alloys(7)).words("predicted")

    def test_the_measurement_s_own_uncertainty_counts(self) -> None:
        world = simple()
        world.decide()
        near = world.trial({"x": 1}, predicted=(1.0, 0.1))
        world.see(near, 1.3)
        assert "0 of 1 inside" in page(world).words("predicted")
        world.observations.clear()
        world.see(near, 1.3, sd=0.2)
        assert "1 of 1 inside" in page(world).words("predicted")

    def test_predictions_that_are_too_sure_are_told_with_what_to_do(self) -> None:
        world, drawn = simple(unit="<em>"), random.Random(3)
        world.decide()
        for n in range(20):
            world.measured({"x": n}, drawn.gauss(0, 4), predicted=(0.0, 1.0))
        found = page(world)
        assert "Too sure: off by" in found.words("predicted")
        assert "Overconfident: measure points again" in found.words("predicted")
        assert found.count("p", "fault") == 2
        assert ("em", {}) not in found.elements  # a unit is no markup

    def test_their_error_is_drawn_once_there_is_more_than_one_window(self) -> None:
        assert page(alloys()).count("line", "constant") == 1
        assert page(alloys(13)).count("line", "constant") == 0

    def test_an_edited_point_was_not_predicted(self) -> None:
        world = simple()
        world.decide()
        world.review(world.measured({"x": 1}, 1.0, predicted=(1.0, 1.0)), "edit", point={"x": 2})
        found = page(world)
        assert "predicted" not in found.sections
        assert found.rows[1][1] == "2"
        assert "edited by anna" in found.rows[1][-1]

    def test_bounds_void_and_voided_are_told_apart(self) -> None:
        world = simple([1.0, 2.0])
        world.see(world.trial({"x": 3}), low=5.0)
        world.see(world.trial({"x": 4}), high=0.5)
        world.see(world.trial({"x": 5}), void="the cuvette was empty")
        world.see(world.trial({"x": 6}, TrialStatus.VOIDED), 99.0)
        found = page(world)
        assert found.title.startswith("Trial 2 is the best of 2 measured")
        assert found.count("path", "bound") == 2 * 2 + 1
        assert found.count("circle", "void") == 2 * 2 + 1
        measured = [row[3] for row in found.rows[1:]]
        assert measured[2:] == ["> 5.000", "< 0.500", "void", "99.000"]
        assert "void: the cuvette was empty" in found.rows[5][-1]
        assert "is-voided" in found.row_classes[6]

    def test_imported_rows_stand_apart(self) -> None:
        world = simple([1.0])
        world.measured({"x": 5}, 50.0, origin="table.csv")
        found = page(world)
        assert found.title.startswith("Trial 1 is the best of 1 measured: y 1.0")
        assert found.count("path", "imported") == 2  # the panel, and its key
        assert "imported from table.csv" in found.rows[2][-1]
        assert "imported-row" in found.row_classes[2]

    def test_other_objectives_roles_and_fidelities_do_not_count(self) -> None:
        world = simple([1.0])
        world.see(world.trials[0], 77.0, objective="other")
        world.measured({"x": 2}, 88.0, role="blank")
        world.see(world.trial({"x": 3}, fidelity="low"), 99.0, fidelity="low")
        found = page(world)
        assert found.title.startswith("Trial 1 is the best of 1 measured")
        assert not any("77" in tip or "99" in tip for tip in found.tips)

    def test_two_labels_are_a_grid_of_every_candidate(self) -> None:
        found = page(alloys())
        assert found.count("rect", "untried") == 66
        assert found.count("text", "inside") == 20
        assert found.count("rect", "best-cell") == 1

    def test_without_the_pool_only_what_was_tried_is_drawn(self) -> None:
        world = alloys()
        found = Page(render(world.standing(), world.proposals))
        assert found.count("rect", "untried") == 20

    def test_a_mixture_of_three_is_a_triangle(self) -> None:
        names = ("ethanol", "water", "acetone")
        mixture = CompositionParameter(
            name="solvent", components=tuple(Component(name=n) for n in names), step=0.1
        )
        campaign = simple().campaign.model_copy(update={"parameters": (mixture,)})
        world = World(campaign)
        for parts in ((1.0, 0.0, 0.0), (0.5, 0.3, 0.2), (0.0, 0.1, 0.9)):
            world.measured(dict(zip(names, parts, strict=True)), sum(parts) + parts[1])
        found = page(world)
        assert found.count("svg", "triangle") == 1
        assert found.rows[2][1:4] == ["0.5", "0.3", "0.2"]
        assert found.count("circle", "cell") == 3

    def test_candidates_without_labels_show_their_descriptors(self) -> None:
        pool = Pool(ids=("a", "b"), descriptors={"mass": (1.0, 2.0), "same": (1.0, 1.0)})
        parameter = CandidatesParameter(name="salt", file="x.csv", units={"mass": "g"})
        campaign = simple().campaign.model_copy(update={"parameters": (parameter,)})
        world = World(campaign, campaign.space.bound({"salt": pool}))
        world.measured({"salt": "a"}, 1.0)
        words = page(world).words("tried")
        assert "mass (g)" in words
        assert "same" not in words

    def test_at_most_twelve_panels(self) -> None:
        parameters = tuple(ContinuousParameter(name=f"p{n}", low=0, high=1) for n in range(20))
        world = World(simple().campaign.model_copy(update={"parameters": parameters}))
        world.measured({p.name: 0.5 for p in parameters}, 1.0)
        assert page(world).words("tried").count("p1") == 1 + 2  # p1, p10, p11


class TestList:
    def test_what_went_wrong_and_who_approved(self) -> None:
        found = page(reactor())
        failed = next(row for row in found.rows if row[0] == "9")
        assert "infeasible: the line clogged: product precipitated" in failed[-1]
        assert "Every reviewed trial was approved by anna." in found.words("trials")
        assert sum("best-row" in classes for classes in found.row_classes) == 1

    def test_a_rejection_says_why(self) -> None:
        world = simple([1.0])
        trial = world.trial({"x": 9}, TrialStatus.REJECTED)
        rule = Actor(kind="rule", name="limits")
        world.review(trial, "reject", by=rule, reasons=("too hot",))
        assert "rejected by rule limits (too hot)" in page(world).rows[2][-1]

    def test_settings_are_as_fine_as_they_can_be_set(self) -> None:
        found = page(reactor())
        assert found.rows[1][1:5] == ["60.0", "1.59", "2.44", "EtOH"]

    def test_settings_as_executed_stand_beside(self) -> None:
        world = reactor(1, waiting=0)
        world.observations[0] = world.observations[0].model_copy(
            update={"executed": {"temperature": 58.7}}
        )
        assert page(world).rows[1][1] == "60.0executed 58.7"

    def test_settings_of_an_older_revision(self) -> None:
        world = simple([1.0])
        newer = ContinuousParameter(name="added", low=0, high=1)
        campaign = world.campaign.model_copy(
            update={"parameters": (*world.campaign.parameters, newer)}
        )
        found = Page(render(replace(world.standing(), campaign=campaign), world.proposals))
        assert found.rows[1][1:3] == ["0", ""]


def rested(setting: float | str, objective: str, column: str, trial: str = "c-T0001") -> Grounds:
    """Grounds of every kind, with one setting."""
    return Grounds(
        probability_of_improvement=0.31,
        neighbours=(
            Neighbour(trial=trial, values={objective: 41.0}, differs={column: setting}, distance=0.2),
        ),
        influences=(
            Influence(row="c-O0001", trial=trial, objective=objective, value=41.0, moved=-2.25),
        ),
        runners_up=(
            RunnerUp(
                point={column: setting}, prediction={objective: (80.0, 4.0)}, score=-1.0,
                feasible=0.9, lost={"exploit": 0.7, "explore": 0.3},
            ),
        ),
    )  # fmt: skip


class TestGrounds:
    def test_they_are_told_of_what_waits_and_in_the_list(self) -> None:
        world = reactor(3, waiting=0)
        point = {"temperature": 84.5, "residence_time": 6.8, "equivalents": 1.75, "solvent": "DMF"}
        grounds = rested(70.0, "yield", "temperature")
        world.trial(point, TrialStatus.PROPOSED, predicted=(88.0, 3.1), grounds=grounds)
        found = page(world)
        for section in ("waiting", "trials"):
            said = found.words(section)
            assert "what it rests on" in said
            assert "better than the best known" in said
            assert "31 %" in said
            assert "Trial 1, 41.0 % (temperature 70.0 °C)" in said
            assert "Trial 1 (41.0 %) by −2.2 %" in said
            assert "temperature 70.0 °C, predicted 80.0 ± 4.0 %, works with 90 %" in said
            assert "worse prediction and less unknown there" in said

    def test_a_proposal_without_them_says_nothing(self) -> None:
        assert "rests on" not in page(reactor(8)).words("trials")

    def test_of_an_edited_point_they_are_those_before_the_edit(self) -> None:
        world = simple([1.0])
        trial = world.measured({"x": 5}, 2.0, grounds=rested(9, "y", "x"))
        world.review(trial, "edit", point={"x": 6})
        assert "for the point before its edit" in page(world).words("trials")

    def test_of_a_pool_candidates_are_called_by_their_names(self) -> None:
        world = alloys(8)
        world.trial(
            {"crystal": "TiPd (B2)"}, TrialStatus.PROPOSED,
            grounds=rested("ZrPd (B2)", "formation_energy", "crystal", trial=world.trials[0].id),
        )  # fmt: skip
        said = page(world).words("waiting")
        assert "TaFe (B2), 41" in said
        assert "ZrPd (B2), predicted" in said


class TestEnd:
    def test_what_the_campaign_is(self) -> None:
        words = page(reactor()).words("campaign")
        for part in (
            "yield (isolated): maximise, in %",
            "40 experiments, 600 EUR at 12.5 each",
            "30.0 to 110.0 °C, steps of 0.5",
            "0.5 to 20 min, 3 digits, on a log scale",
            "DMF, MeCN, toluene, EtOH",
            "pressure 1 bar",
            "at 95.0 %",
        ):
            assert part in words

    def test_a_password_in_an_address_is_left_out(self) -> None:
        found = page(reactor())
        assert "geheim" not in found.html
        assert "http://…@lab.local/api" in found.words("campaign")

    def test_decisions_with_notes(self) -> None:
        words = page(alloys()).words("campaign")
        assert "16 decisions: 1 initial, 15 by the model." in words
        assert "Decision 7 (model): the marginal likelihood had no maximum" in words

    def test_revisions_and_the_journal_s_end(self) -> None:
        revision = Revision(
            campaign="c", number=2, document={}, source="", diff=("budget: 10 → 20",), by=ANNA,
            at=START,
        )  # fmt: skip
        line = JournalEntry(
            campaign="c", seq=31, at=START, by=ANNA, event="e", subject="s", data={}, previous="",
            hash="9f3a",
        )  # fmt: skip
        found = page(simple(), revisions=[revision], journal=[line])
        assert "Revision 2, 2026-03-02 08:00 UTC, by anna budget: 10 → 20" in found.words(
            "campaign"
        )
        assert "The journal has 31 lines; the hash of the last is 9f3a." in found.words("")


class TestForm:
    def test_the_same_input_gives_the_same_text(self) -> None:
        assert page(alloys()).html == page(alloys()).html

    def test_no_clock_but_the_standing_s(self) -> None:
        world = alloys()
        later = replace(world.standing(), now=START + timedelta(days=400))
        assert "2027-04-06 08:00 UTC" in render(later, world.proposals)

    @pytest.mark.parametrize("make", [alloys, reactor, simple, lambda: unknown(alloys())])
    def test_elements_are_closed_and_nothing_is_asked_for(self, make: object) -> None:
        found = page(make())  # type: ignore[operator]
        assert not found.unbalanced
        assert not found.stack
        for _, attributes in found.elements:
            for name in ("src", "href", "xlink:href", "action", "srcset"):
                assert attributes.get(name) in {None, "data:,"}
        assert "url(" not in found.html
        assert "@import" not in found.html

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ([1.0e-12, 2.5e-12], "2.500×10⁻¹²"),
            ([1.0e12, 2.5e12], "2.500×10¹²"),
            ([-3e-7, -1e-7], "−1.00×10⁻⁷"),
            ([0.0], "0.000"),
            ([5.0, 5.0], "5.00"),
            ([1e300, -1e300], "1.00×10³⁰⁰"),
            ([1234567.0, 1234568.0], "1.234568×10⁶"),
        ],
    )
    def test_very_small_and_very_large(self, values: list[float], words: str) -> None:
        found = page(simple(values))
        assert words in found.title
        drawn = [str(value) for _, attributes in found.elements for value in attributes.values()]
        assert not any(re.search(r"\b(nan|inf)\b", value) for value in drawn)

    def test_a_thousand_trials(self) -> None:
        rng = random.Random(0)
        parameters = tuple(ContinuousParameter(name=f"p{n}", low=0, high=1) for n in range(11))
        choice = CategoricalParameter(name="choice", choices=("left", "right"))
        world = World(simple(budget=1200).campaign.model_copy(
            update={"parameters": (*parameters, choice)}
        ))  # fmt: skip
        for n in range(1000):
            if n in {20, 500}:
                world.decide()
            point = {p.name: round(rng.random(), 3) for p in parameters}
            world.measured(
                {**point, "choice": rng.choice(choice.choices)}, rng.gauss(0, 1),
                predicted=(0.0, 1.0), why="highest expected improvement: " + "x" * 80,
            )  # fmt: skip
        html = render(world.standing(), world.proposals)
        assert len(html.encode()) < 3_000_000


nasty = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onload='x", "</style><b>",
     "{{ 7 * 7 }}", "&amp;<!--", "</title><script>", "]]>", "\u202e", "🜂", "a\nb", "&#60;b&#62;"]
)  # fmt: skip
words_ = st.one_of(
    nasty, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
)


class TestUserText:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(words_, min_size=12, max_size=12, unique=True))
    def test_comes_out_harmless(self, texts: list[str]) -> None:
        (a, b, name, note, why, message, person, reason, quantity, unit, setting, about) = texts
        unit = f"u{unit}"  # a bare "1" is dimensionless, and shown as nothing
        choice = CategoricalParameter(name="choice", choices=(a, b), description=about, unit=unit)
        campaign = simple().campaign.model_copy(
            update={
                "parameters": (choice,), "description": about,
                "objectives": (Objective(name="y", quantity=quantity, unit=unit, goal="maximise"),),
                "execution": simple().campaign.execution.model_copy(
                    update={"settings": {setting: note}, "adapter": name}
                ),
            }
        )  # fmt: skip
        world = World(campaign)
        world.decide(notes=(note,))
        trial = world.measured({"choice": a}, 1.0, why=why, predicted=(1.0, 1.0))
        world.review(trial, by=Actor(kind="person", name=person), reasons=(reason,))
        world.failed({"choice": b}, "infeasible", message)
        grounds = rested(a, "y", "choice", trial.id)
        world.trial({"choice": b}, TrialStatus.PROPOSED, why=why, grounds=grounds)
        unknown(world)
        standing = renamed(world.standing(CampaignStatus.PAUSED, reason), name)
        found = Page(render(standing, world.proposals))
        assert not found.unbalanced
        assert not found.stack
        assert _shape(found) == _shape(_plain())

    def test_is_shown_as_it_was_written(self) -> None:
        world = simple([1.0])
        world.measured({"x": 2}, 1.0, origin="<b>&")
        assert "imported from <b>&" in page(world).words("trials")


def _shape(found: Page) -> list[tuple[str, frozenset[str]]]:
    """Elements and the names of their attributes: no text may add or change one."""
    return [(tag, frozenset(attributes)) for tag, attributes in found.elements]


def _plain() -> Page:
    choice = CategoricalParameter(name="choice", choices=("a", "b"), description="d", unit="u")
    campaign = simple().campaign.model_copy(
        update={
            "parameters": (choice,), "description": "d", "budget": Budget(experiments=50),
            "objectives": (Objective(name="y", quantity="q", unit="u", goal="maximise"),),
        }
    )  # fmt: skip
    world = World(campaign)
    world.decide(notes=("n",))
    world.review(
        world.measured({"choice": "a"}, 1.0, why="w", predicted=(1.0, 1.0)), reasons=("r",)
    )
    world.failed({"choice": "b"}, "infeasible", "m")
    world.trial({"choice": "b"}, TrialStatus.PROPOSED, why="w", grounds=rested("a", "y", "choice"))
    unknown(world)
    return Page(render(world.standing(CampaignStatus.PAUSED, "r"), world.proposals))


def test_how_far_what_was_known_is_believed() -> None:
    with Store.open("sqlite://") as store:
        made = followed(store, HandClock())
        before = Page(render(made.standing, {})).sections["known"]
        made.run()
        told = Saving(needed=2, without=(3, 6), most=20, after=6)
        after = Page(render(made.standing, {}, saving=told)).sections["known"]
    assert "first" in before
    assert "8 rows, trust same" in before
    assert "weight of the sources" not in before
    assert "weight of the sources" in after
    assert "2 of 4 experiments were chosen with them" in after
    assert re.search(r"counts \S+ ± \d\S* times; believed \d+%", after)
    assert (
        "saved about 2 experiments by 6 results (as good after 2; without them after 3 to 6, in 2 "
        "imagined campaigns)" in after
    )
    assert "known" not in page(simple([1.0])).sections
