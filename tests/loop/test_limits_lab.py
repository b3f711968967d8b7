"""The operators' word against the small laboratory, a process of its own that counts what it executes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from agent.allowed import operators
from agent.core.actor import Actor
from agent.core.job import JobStatus
from agent.core.operators import InForce
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.dispatch.reviewing import Verdict, review
from agent.resolved import campaign_of, space_of
from agent.standing import stand
from tests.lab.running import RULES, Laboratory, Site, ended

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ONCE = ("--direct", "--no-wait")
DONE, FAULT, PERSON = 0, 1, 3
ANNA = Actor(kind="person", name="anna")
NARROW = {**RULES, "limits": {"x": {"low": 0, "high": 5}, "y": {"low": 0, "high": 5}}}


def change(site: Site, **keys: object) -> None:
    """Change keys of the site's campaign file."""
    document = {**yaml.safe_load(site.file.read_text()), **keys}
    site.file.write_text(yaml.safe_dump(document, sort_keys=False))


def test_a_laboratory_without_signed_limits_is_sent_nothing(tmp_path: Path) -> None:
    with Laboratory(tmp_path / "lab") as lab, Site(tmp_path, lab, rules={}) as site:
        assert ended(site.run(*ONCE)) == FAULT
        assert lab.counts() == {}
        said = " ".join(site.log.read_text().split())
        assert "the operators have signed no limits of it" in said
        assert "write `instruments: {lab: {limits: …, signed: …}}`" in said


def test_an_approved_edit_beyond_the_limits_is_not_sent(tmp_path: Path) -> None:
    """The approval is written past the review, with the right hash: the sending looks for itself."""
    with Laboratory(tmp_path / "lab") as lab, Site(tmp_path, lab, rules=NARROW) as site:
        change(site, review={"mode": "required"})
        assert ended(site.run(*ONCE)) == PERSON
        assert site.say("review", "fire", "--edit", "1", "--set", "x=7") == FAULT
        assert "x: 7 is not 0 to 5" in site.log.read_text()
        with Store.open(f"sqlite:///{site.store}") as store:
            name = store.entry("fire").id
            campaign = campaign_of(store, name)
            (trial, *_) = store.trials(name, TrialStatus.PROPOSED)
            unseen = InForce(hash=operators(str(site.operators)).in_force("lab").hash)
            edit = Verdict("edit", ANNA, ("I know better",), {"x": 7.0, "y": 1.0})
            now, space = datetime.now(UTC), space_of(store, campaign)
            review(store, trial, campaign, edit, now, space=space, limits_of=lambda _: unseen)
        assert ended(site.run(*ONCE)) == PERSON
        assert lab.counts() == {}
        with Store.open(f"sqlite:///{site.store}") as store:
            assert store.trial(trial.id).status is TrialStatus.PROPOSED
            assert store.verify(name)


def test_a_changed_limits_file_sends_what_was_approved_back_to_review(tmp_path: Path) -> None:
    with Laboratory(tmp_path / "lab") as lab, Site(tmp_path, lab, experiments=2) as site:
        change(site, review={"mode": "required"})
        assert ended(site.run(*ONCE)) == PERSON
        assert site.say("review", "fire", "--approve", "all") == DONE
        site.allow({**RULES, "signed": {"by": "the operators", "at": "2026-03-02"}})
        assert ended(site.run(*ONCE)) == PERSON
        assert lab.counts() == {}
        assert site.say("review", "fire", "--approve", "all") == DONE
        assert ended(site.run("--direct")) == DONE
        assert list(lab.counts().values()) == [1, 1]


@pytest.mark.parametrize("known", [True, False])
def test_a_fault_teaches_where_points_work_if_the_operators_know_what_it_means(
    tmp_path: Path, known: bool
) -> None:
    table = [{"code": "E7", "kind": "infeasible", "reason": "it has gelled"}] if known else []
    with (
        Laboratory(tmp_path / "lab", gels_above=5) as lab,
        Site(tmp_path, lab, rules={**RULES, "failures": table}) as site,
    ):
        change(site, policy={"name": "expected_improvement", "initial": {"size": 3}})
        assert ended(site.run("--direct")) == DONE
        assert set(lab.counts().values()) == {1}
        rows = tmp_path / "fire.json"
        assert site.say("status", "fire") == DONE
        assert "E7: torque too high" in site.log.read_text().partition("failed  ")[2]
        assert site.say("report", "fire", "-o", str(tmp_path / "fire.html")) == DONE
        assert site.say("export", "fire", "-o", str(rows)) == DONE
        with Store.open(f"sqlite:///{site.store}") as store:
            name = store.entry("fire").id
            failed = store.jobs(name, JobStatus.FAILED)
            standing = stand(store, name, datetime.now(UTC))
            proposals = [store.proposal(trial.id) for trial in store.trials(name)]
        kinds = {job.failure for job in failed}
        assert kinds == ({"infeasible"} if known else {"unclassified"})
        assert len(standing.infeasible) == (len(failed) if known else 0)
        assert any(one and one.feasible is not None for one in proposals) is known
        page = (tmp_path / "fire.html").read_text()
        assert ("line 1 of the operators" in page) is known
        assert "E7: torque too high" in page
        assert {row.get("failure") for row in json.loads(rows.read_text())} >= kinds
