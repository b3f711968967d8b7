"""The report's timeline: which instrument was at work on which trial."""

from datetime import timedelta
from pathlib import Path

from agent.core.adapter import Outcome
from agent.core.job import Job
from agent.data.store import Store
from agent.report.page import write
from tests.loop.shop import open_shop
from tests.loop.worlds import HandClock, World, done, failed, world
from tests.report.pages import Page


def page_of(made: World, folder: Path) -> Page:
    path = write(made.store, made.name, folder / "page.html", made.clock.now())
    return Page(path.read_text(encoding="utf-8"))


def test_each_job_is_a_bar_beside_its_instrument(
    store: Store, clock: HandClock, tmp_path: Path
) -> None:
    shop = open_shop(store, clock, budget={"experiments": 3})
    shop.furnace.seconds, shop.reader.seconds = 5400, 1200
    read: list[str] = []

    def ending(job: Job) -> Outcome | None:
        read.append(job.id)
        return failed() if len(read) == 2 else done(job, shop.made(job))

    shop.reader.ending = ending
    for last in shop.world.rounds():
        if last.state == "finished":
            break
        clock.sleep(60)
    found = page_of(shop.world, tmp_path)
    words = found.words("instruments")
    assert "furnace anneal 3 jobs 4 h 30 min" in words
    assert "reader read 3 jobs 1 h" in words
    assert "hours since 2026-03-01 08:00 UTC" in words
    assert "Trial 2, anneal, 1 h 30 min, done" in found.tips
    assert "Trial 2, read, 20 min, failed: it broke" in found.tips
    assert (found.count("rect", "done"), found.count("rect", "lost")) == (5 + 1, 1 + 1)
    assert "without a result" in words and "under way" not in words


def test_what_is_under_way_lasts_until_now(store: Store, clock: HandClock, tmp_path: Path) -> None:
    shop = open_shop(store, clock, budget={"experiments": 1})
    shop.furnace.seconds, shop.reader.seconds = 600, 3600
    for last in shop.world.rounds():
        if any(job.step == "read" for job in shop.world.jobs()):
            break
        assert last.state != "finished"
        clock.sleep(60)
    clock.sleep(timedelta(minutes=30).total_seconds())
    found = page_of(shop.world, tmp_path)
    assert "Trial 1, read, 30 min, started" in found.tips
    assert "under way" in found.words("instruments")


def test_the_bars_find_their_place_beside_a_long_name(
    store: Store, clock: HandClock, tmp_path: Path
) -> None:
    long = "furnace <of the old building> " + "behind the stairs " * 8
    shop = open_shop(store, clock, long, "B", budget={"experiments": 3})
    shop.furnaces["B"].seconds = shop.furnaces[long].seconds = 5400
    for last in shop.world.rounds():
        if last.state == "finished":
            break
        clock.sleep(60)
    found = page_of(shop.world, tmp_path)
    bars = [told for tag, told in found.elements if tag == "rect" and told["height"] == "14"]
    assert len(bars) == 6
    ends = [(float(str(told["x"])), float(str(told["width"]))) for told in bars]
    assert all(250 < x < x + width <= 700 for x, width in ends)
    assert "furnace <of the old building> behind th…" in found.words("instruments")
    assert not found.unbalanced


def test_one_instrument_alone_needs_no_section(
    store: Store, clock: HandClock, tmp_path: Path
) -> None:
    made = world(store, clock)
    made.run()
    assert "instruments" not in page_of(made, tmp_path).sections
