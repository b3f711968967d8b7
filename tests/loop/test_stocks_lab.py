"""`athanor run`, killed (SIGKILL) round the taking from stocks: the level is what the laboratory's own count says."""

import signal
from pathlib import Path

import pytest

from agent.data.store import Store
from tests.lab.running import RULES, Laboratory, Site, ended
from tests.lab.seams import KILL

SEAMS = (
    "before commit of job.intended",
    "after commit of job.intended",
    "before send",  # leaves a job behind that was not executed
    "before commit of job.moved to refused",
    "after commit of job.moved to refused",
    "after the last byte",  # leaves one behind that was
    "before commit of job.moved to done",
)
RACK, EACH, EXPERIMENTS = 200.0, 8.0, 6


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_round_the_taking_nothing_is_taken_twice_or_lost(tmp_path: Path) -> None:
    rules = {**RULES, "stocks": {"tips": {"uses": EACH}}}
    with (
        Laboratory(tmp_path / "lab") as lab,
        Site(tmp_path / "site", lab, rules=rules, experiments=EXPERIMENTS) as site,
    ):
        assert site.say("store", "create") == 0
        assert site.say("stock", "count", "lab", "tips", f"{RACK:g}") == 0
        killed = [
            seam
            for seam in SEAMS
            if ended(site.run("--direct", "--lease", "1", **{KILL: f"{seam}:1"})) == -signal.SIGKILL
        ]
        code = 5
        while code == 5:  # the lease of the one that was killed
            code = ended(site.run("--direct", "--lease", "1"))
        assert code == 0, site.log.read_text()[-3000:]
        assert {*SEAMS[:3], *SEAMS[5:]} <= {*killed}
        executed = lab.counts()
        assert sum(executed.values()) == len(executed) == EXPERIMENTS
        with Store.open(site.database, create=False) as store:
            moves = store.movements("lab", "tips")
            assert moves[-1].level == RACK - EACH * EXPERIMENTS
            assert any(one.word == "returned" for one in moves)
            taken = [one.job for one in moves if one.word == "used"]
            assert len(set(taken)) == len(taken)
