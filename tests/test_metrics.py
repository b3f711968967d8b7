"""A store in numbers: read back by Prometheus's own parser."""

import threading
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families

from agent import __version__
from agent.core.job import JobStatus
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.metrics import exposition, registry
from tests.loop.worlds import ANNA, HandClock, World, failed

Make = Callable[..., World]


def numbers(text: str) -> dict[tuple[str, ...], float]:
    """(Name without `athanor_`, label values in the order of their names) -> value."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            labels = [sample.labels[name] for name in sorted(sample.labels)]
            found[sample.name.removeprefix("athanor_"), *labels] = sample.value
    return found


def told(made: World) -> dict[tuple[str, ...], float]:
    return numbers(exposition(made.store, made.clock.now))


def test_a_campaign_in_numbers(make_world: Make) -> None:
    made = make_world()
    made.run()
    found = told(made)
    assert found["campaign_state", "world", "finished"] == 1
    assert found["campaign_state", "world", "active"] == 0
    assert found["campaign_budget_used", "world", "experiments", ""] == 4
    assert found["campaign_budget_limit", "world", "experiments", ""] == 4
    assert found["campaign_best", "world", "mass", "mg"] == made.standing.best.value  # type: ignore[union-attr]
    assert found["campaign_trials", "world", "done"] == 4
    assert found["campaign_journal_lines", "world"] == made.verify()
    last = found["campaign_last_activity_timestamp_seconds", "world"]
    assert last == made.store.journal(made.id)[-1].at.timestamp()
    assert found["instrument_jobs", "", "bench", "done"] == 4
    assert found["instrument_state", "bench", "free"] == 1


def test_how_long_a_review_has_waited(make_world: Make) -> None:
    made = make_world(review={"mode": "required"})
    made.run()
    made.clock.sleep(600)
    found = told(made)
    assert found["campaign_waiting", "world", "review"] == len(made.trials(TrialStatus.PROPOSED))
    assert found["campaign_oldest_wait_seconds", "world", "review"] == pytest.approx(600, abs=1)
    assert found["campaign_oldest_wait_seconds", "world", "person"] == 0


def test_a_job_in_doubt_waits_for_a_person_since_it_is(make_world: Make) -> None:
    made = make_world(execution={"adapter": "bench", "deadline": {"limit": 1, "unit": "h"}})
    made.instrument.seconds = 1e9
    running = made.rounds()
    next(running)
    made.clock.sleep(3599)
    assert told(made)["campaign_waiting", "world", "instrument"] == 1
    assert told(made)["instrument_state", "bench", "at work"] == 1
    made.clock.sleep(2)
    next(running)
    made.clock.sleep(60)
    found = told(made)
    assert made.jobs(JobStatus.UNKNOWN)
    assert found["instrument_state", "bench", "in doubt"] == 1
    assert found["campaign_oldest_wait_seconds", "world", "person"] == 60


def test_a_held_instrument_and_its_failures_by_kind(make_world: Make) -> None:
    made = make_world(budget={"experiments": 20})
    made.instrument.ending = lambda job: failed()
    made.run()
    made.clock.sleep(30)
    found = told(made)
    assert found["instrument_state", "bench", "held"] == 1
    assert found["instrument_jobs", "instrument", "bench", "failed"] == 3
    assert found["campaign_waiting", "world", "person"] == 1
    assert found["campaign_oldest_wait_seconds", "world", "person"] >= 30


def test_a_front_has_a_volume_and_no_best(make_world: Make) -> None:
    both = [
        {"name": "mass", "unit": "mg", "goal": "maximise"},
        {"name": "colour", "unit": "1", "goal": "minimise"},
    ]
    made = make_world(objectives=both)
    made.run()
    found = told(made)
    assert found["campaign_hypervolume", "world"] >= 0
    assert not [key for key in found if key[0] == "campaign_best"]


def test_an_empty_store_is_up(store: Store, clock: HandClock) -> None:
    found = numbers(exposition(store, clock.now))
    assert [key[0] for key in found] == ["up"]


def test_a_store_that_cannot_be_read_is_not(clock: HandClock, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with Store.open(str(file)) as opened:
        assert numbers(exposition(opened, clock.now))["up", __version__] == 1
        opened.close()
        file.write_bytes(b"no database at all" * 1000)
        assert numbers(exposition(opened, clock.now)) == {("up", __version__): 0}


def test_they_are_served_anew_at_each_call_while_others_write(make_world: Make) -> None:
    made = make_world(budget={"experiments": 30})
    server, thread = start_http_server(0, "127.0.0.1", registry(made.store, made.clock.now))
    seen: list[float] = []
    enough = threading.Event()

    def scrape() -> None:
        while not enough.is_set():
            with urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
                found = numbers(answer.read().decode())
            assert found["up", __version__] == 1
            seen.append(found["campaign_trials", "world", "done"])

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        made.run()
    finally:
        enough.set()
        scraper.join()
        scrape_last = numbers(exposition(made.store, made.clock.now))
        server.shutdown()
        server.server_close()
        thread.join()
    assert seen == sorted(seen)
    assert scrape_last["campaign_trials", "world", "done"] == 30


def test_a_change_without_a_line_in_the_journal_is_seen(make_world: Make) -> None:
    """What is said of an instrument is in no campaign's journal."""
    made = make_world()
    next(made.rounds())
    served, held = registry(made.store, made.clock.now), {"instrument": "bench", "state": "held"}
    assert served.get_sample_value("athanor_instrument_state", held) == 0
    with made.store.write(ANNA, made.clock.now()) as tx:
        tx.hold("bench", "cleaning")
    assert served.get_sample_value("athanor_instrument_state", held) == 1
