"""The log is the journal, line by line, as JSON."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.following import LOG, LOG_FILE, Follower, Lines, told, written
from tests.loop.worlds import ANNA, World, failed

Make = Callable[..., World]


def lines_of(made: World) -> list[dict[str, Any]]:
    lines = Lines(made.name)
    return [lines.of(entry) for entry in made.store.journal(made.id)]


def test_every_line_of_the_journal_is_one_line_of_json(make_world: Make) -> None:
    made = make_world()
    made.run()
    told = [json.loads(written(line)) for line in lines_of(made)]
    assert [one["seq"] for one in told] == list(range(1, made.verify() + 1))
    assert all("\n" not in written(line) for line in lines_of(made))
    assert {one["campaign"] for one in told} == {"world"}
    assert told[0]["event"] == "campaign.registered"
    assert told[0]["time"].startswith("2026-03-01T08:00:00+00:00")


def test_what_is_about_a_job_names_it_its_trial_and_its_instrument(make_world: Make) -> None:
    made = make_world()
    made.run()
    events = {"job.intended", "job.noted", "job.moved", "observation.made", "sample.made"}
    about = [line for line in lines_of(made) if line["event"] in events]
    assert {line["event"] for line in about} == events
    keys = {job.id: job.trials[0] for job in made.jobs()}
    for line in about:
        assert line["trial"] == keys[line["job"]]
        assert line["instrument"] == "bench"
        assert line["actor"] == "agent:athanor"
    settled = [line for line in lines_of(made) if line["event"] == "trial.moved"]
    assert {line["job"] for line in settled} == set(keys)


def test_a_trial_s_lines_name_the_attempt_that_was_the_last_by_then(make_world: Make) -> None:
    made = make_world(budget={"experiments": 1})
    answers = iter(["refuse", "answer"])
    made.instrument.starting = lambda job: next(answers)
    made.run()
    moved = [line["job"] for line in lines_of(made) if line["event"] == "trial.moved"]
    first, second = (job.id for job in made.jobs())
    assert moved[0] == first
    assert moved[-1] == second


def test_trouble_is_told_as_a_warning(make_world: Make) -> None:
    made = make_world(budget={"experiments": 3})
    made.instrument.ending = lambda job: failed()
    made.run()
    warned = {line["event"] for line in lines_of(made) if line["level"] == "warning"}
    assert warned == {"job.moved", "instrument.held"}
    (held,) = [line for line in lines_of(made) if line["event"] == "instrument.held"]
    assert (held["instrument"], held["actor"]) == ("bench", "rule:breaker")


def test_a_follower_hands_each_line_on_once(make_world: Make) -> None:
    made = make_world()
    seen: list[int] = []
    follower = Follower(made.store, made.id, lambda line: seen.append(line["seq"]))
    assert seen == [], "what was there before is not told again"
    for _ in made.rounds():
        looks = [threading.Thread(target=follower.look) for _ in range(3)]
        for look in looks:
            look.start()
        for look in looks:
            look.join()
    assert seen == list(range(2, made.verify() + 1))


def test_it_is_told_where_the_environment_asks_for_it(make_world: Make, tmp_path: Path) -> None:
    made, file = make_world(), tmp_path / "log.jsonl"
    with told(made.store, made.id, environ={}):
        next(made.rounds())
    before = made.verify()
    asked = {LOG: "json", LOG_FILE: str(file)}
    with told(made.store, made.id, environ=asked), told(made.store, made.id, environ=asked):
        made.run()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(before + 1, made.verify() + 1))


def test_by_default_on_the_error_stream(
    make_world: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    made = make_world()
    with (
        told(made.store, made.id, environ={LOG: "json"}),
        made.store.write(ANNA, made.clock.now()) as tx,
    ):
        tx.record(made.id, "adapter.error", "x", {"reason": "ein Ö\nand a second line"})
    out, err = capfd.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert json.loads(line)["data"]["reason"] == "ein Ö\nand a second line"
