"""The report in a browser: one page, no requests, read at a glance."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from agent.core.register import CampaignStatus
from agent.report import render
from tests.report.worlds import World, alloys, reactor, unknown

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
         "--no-first-run"]  # fmt: skip
DESK, PHONE = (1280, 800), (390, 844)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page that is open, with everything that it said and asked for."""

    def __init__(self, browser: Browser, path: Path, size: tuple[int, int], scheme: str) -> None:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.own = path.as_uri()


def opened(
    browser: Browser, tmp_path: Path, world: World, size: tuple[int, int] = DESK,
    scheme: str = "light", status: CampaignStatus = CampaignStatus.FINISHED,
) -> Opened:  # fmt: skip
    path = tmp_path / "report.html"
    standing = world.standing(status, "20 of 20 experiments are started")
    path.write_text(render(standing, world.proposals, space=world.space), encoding="utf-8")
    return Opened(browser, path, size, scheme)


@pytest.mark.parametrize("make", [alloys, lambda: unknown(reactor())], ids=["alloys", "reactor"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_opens_quietly_and_says_it_in_the_first_screen(
    browser: Browser, tmp_path: Path, make: object, size: tuple[int, int]
) -> None:
    found = opened(browser, tmp_path, make(), size)  # type: ignore[operator]
    headline = found.page.locator("h1").bounding_box()
    assert headline is not None
    assert headline["y"] + headline["height"] < size[1] / 2
    assert found.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert found.said == []
    assert [url for url in found.asked if not url.startswith("data:")] == [found.own]


def test_the_figure_of_the_best_begins_in_the_first_screen(
    browser: Browser, tmp_path: Path
) -> None:
    for size in (DESK, PHONE):
        found = opened(browser, tmp_path, alloys(), size)
        shown = found.page.locator("#progress svg[role=img]:visible").bounding_box()
        assert shown is not None
        assert shown["y"] + shown["height"] < size[1]


def test_words_in_figures_can_be_read_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    found = opened(browser, tmp_path, alloys(), PHONE)
    smallest = found.page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg text')]
            .filter(t => t.getClientRects().length && !t.closest('.ramp'))
            .map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a))"""
    )
    assert smallest > 8.5


def test_the_list_is_sorted_by_a_click(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, reactor()).page

    def column(name: str) -> list[str]:
        heads = page.locator("th").all_inner_texts()
        at = next(n for n, head in enumerate(heads) if head.startswith(name))
        return [row.locator("td").nth(at).inner_text() for row in page.locator("tbody tr").all()]

    page.get_by_role("button", name="measured").click()
    values = [float(value) for value in column("measured") if value]
    assert values == sorted(values)
    assert column("measured")[-3:] == ["", "", ""]
    page.get_by_role("button", name="measured").click()
    assert [float(value) for value in column("measured") if value] == values[::-1]
    assert column("measured")[-3:] == ["", "", ""]
    page.get_by_role("button", name="solvent").press("Enter")
    assert column("solvent") == sorted(column("solvent"), key=str.casefold)
    assert page.locator("th[aria-sort]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper(browser: Browser, tmp_path: Path, scheme: str) -> None:
    page = opened(browser, tmp_path, unknown(reactor()), scheme=scheme).page
    assert page.evaluate(_CONTRAST) >= 4.5
    page = opened(browser, tmp_path, alloys(), scheme=scheme).page
    assert page.evaluate(_CELLS) >= 3.9


def test_prints_the_whole_list(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, alloys()).page
    assert len(page.pdf(format="A4")) > 10_000
    page.emulate_media(media="print")
    assert page.locator("tbody tr:visible").count() == 20


_LIGHTNESS = """
const channels = (colour) => {
  const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
  pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(c => c / 255);
};
const lightness = (colour) => {
  const [r, g, b] = channels(colour).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const contrast = (a, b) => {
  const [x, y] = [lightness(a), lightness(b)].sort((p, q) => q - p);
  return (x + .05) / (y + .05);
};
"""

_CONTRAST = f"""() => {{ {_LIGHTNESS}
  const paper = getComputedStyle(document.documentElement).backgroundColor;
  const words = [...document.querySelectorAll('h1 span, h2, p, li, td, th, dt, dd, small')];
  return Math.min(...words.map(word => contrast(getComputedStyle(word).color, paper)));
}}"""

_CELLS = f"""() => {{ {_LIGHTNESS}
  return Math.min(...[...document.querySelectorAll('text.inside')].map(word =>
    contrast(getComputedStyle(word).fill, getComputedStyle(word.previousElementSibling).fill)));
}}"""
