"""Several workers on one PostgreSQL store: two campaigns, two processes, one instrument."""

import os
import signal
from pathlib import Path

import pytest
import yaml

from agent.core.job import JobStatus
from agent.core.register import CampaignStatus
from agent.data.store import Store
from tests.lab.running import RULES, Forked, Laboratory, campaign, ended, until

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(900)]

SECONDS = 0.3
"""How long the instrument takes for a job."""

NAMES = ("anneal", "sinter")
EACH = 5


class Workers:
    """Two campaign files of one instrument, `bench`, which takes so many jobs at the same time."""

    def __init__(self, folder: Path, url: str, lab: Laboratory, places: int) -> None:
        self._folder, self._url = folder, url
        allowed = {
            "adapters": {"lab": "tests.lab.adapter:LabAdapter"},
            "unattended": ["bench"],
            "instruments": {"bench": RULES},
        }
        operators = folder / "operators.yaml"
        operators.write_text(yaml.safe_dump(allowed))
        self._environ = {"ATHANOR_OPERATORS": str(operators), "OMP_NUM_THREADS": "1"}
        for name in NAMES:
            given = campaign(lab.url, experiments=EACH)
            execution = given["execution"]
            assert isinstance(execution, dict)
            execution["instrument"] = "bench"
            execution["settings"]["parallel"] = places
            text = yaml.safe_dump({**given, "name": name}, sort_keys=False)
            (folder / f"{name}.yaml").write_text(text)

    def start(self, name: str) -> Forked:
        file, log = self._folder / f"{name}.yaml", self._folder / f"{name}.log"
        words = ["run", str(file), "--store", self._url, "--direct", "--lease", "5"]
        return Forked(words, self._environ, log)

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()


def at_once(account: list[dict[str, object]]) -> int:
    """The most jobs that were under way at the same time, by the instrument's own account."""
    begun = sorted(float(str(line["at"])) for line in account if line["did"] == "execute")
    return max(sum(at <= other < at + SECONDS for other in begun) for at in begun)


def check(url: str, lab: Laboratory, places: int) -> None:
    """Every experiment once, its result in the store, the instrument never fuller than it is large."""
    counts = lab.counts()
    assert set(counts.values()) == {1}
    assert at_once(lab.account()) <= places
    with Store.open(url, create=False) as store:
        ids = []
        for name in NAMES:
            entry = store.entry(name)
            assert entry.status is CampaignStatus.FINISHED
            done = store.jobs(entry.id, JobStatus.DONE)
            assert len({job.trials for job in done}) == EACH
            assert {one.job for one in store.observations(entry.id)} == {job.id for job in done}
            store.verify(entry.id)
            ids += [job.id for job in done]
        assert sorted(ids) == sorted(counts)


@pytest.mark.parametrize("places", [1, 2])
def test_two_at_once_share_an_instrument(postgres_url: str, tmp_path: Path, places: int) -> None:
    with Laboratory(tmp_path / "lab", SECONDS) as lab:
        workers = Workers(tmp_path, postgres_url, lab, places)
        running = {name: workers.start(name) for name in NAMES}
        for name, one in running.items():
            assert ended(one) == 0, workers.log(name)
        check(postgres_url, lab, places)
        with Store.open(postgres_url, create=False) as store:
            spans = []
            for name in NAMES:
                begun = [job.intended_at for job in store.jobs(store.entry(name).id)]
                spans.append((min(begun), max(begun)))
        assert max(first for first, _ in spans) < min(last for _, last in spans), "side by side"


def test_one_that_is_killed_with_its_job_at_the_instrument(
    postgres_url: str, tmp_path: Path
) -> None:
    """The other waits until somebody has seen to that job, since the place is taken; then both go on."""
    with Laboratory(tmp_path / "lab", SECONDS) as lab:
        workers = Workers(tmp_path, postgres_url, lab, 1)
        running = {name: workers.start(name) for name in NAMES}
        with Store.open(postgres_url) as store:
            until(lambda: any(one.name == NAMES[0] for one in store.entries()), "for it to begin")
            first = store.entry(NAMES[0]).id
            flying = (JobStatus.STARTED, JobStatus.RUNNING)
            until(lambda: bool(store.jobs(first, *flying)), "for its job to be at work")
            os.kill(running[NAMES[0]].pid, signal.SIGKILL)
            assert ended(running[NAMES[0]]) == -signal.SIGKILL
        for name, one in (
            (NAMES[0], workers.start(NAMES[0])),
            (NAMES[1], running[NAMES[1]]),
        ):
            assert ended(one) == 0, workers.log(name)
        check(postgres_url, lab, 1)
