"""The page in a real browser: Debian's Chromium without a screen, driven by Playwright. One start for all tests."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented_campaign import LONG, make_hostile, run_invented

from protran.campaign.page.document import PageOptions, page_document
from protran.dominance import non_dominated
from protran.ledger.ledger import Ledger
from protran.ledger.place import place_of
from protran.noisy_dominance import confidently_non_dominated
from protran.quantities import Direction
from protran.report.page.bundle import asset, script
from protran.report.page.render import render_page

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no Chromium here; on Debian: apt install chromium", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; it is in the extra dev")

MARK = "#front .mark"


class Opened:
    """A page in the browser, with what it said and asked for."""

    def __init__(self, context: Any, url: str) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.page.wait_for_selector("h1")

    def count(self) -> int:
        return int(self.page.locator(MARK).count())

    def slide(self, name: str, position: int) -> None:
        self.page.locator(f"[id='limit-{name}']").evaluate(
            "(node, value) => { node.value = value; node.dispatchEvent(new Event('input')); }", position
        )
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def finished(folder: Path) -> dict[str, Any]:
    with Ledger.open(run_invented(folder), read_only=True) as ledger:
        return page_document(ledger, "invented", PageOptions(calibrate=False))


@pytest.fixture(scope="module")
def file(folder: Path, finished: dict[str, Any]) -> str:
    path = folder / "page.html"
    path.write_text(render_page(finished), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser: Any, file: str) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    found = Opened(context, file)
    found.page.wait_for_selector(MARK)
    yield found
    assert found.said == []
    assert [url for url in found.asked if not url.startswith(("file:", "blob:"))] == []
    context.close()


def test_the_front_is_the_campaigns_own_and_nobody_is_asked(opened: Opened, finished: dict[str, Any]) -> None:
    assert opened.count() == len(finished["views"][0]["front"])
    assert opened.page.locator("h1").inner_text() == "invented"


def test_a_slider_moves_the_front(opened: Opened, finished: dict[str, Any]) -> None:
    opened.page.select_option("#view", "short")
    opened.page.wait_for_timeout(50)
    before = opened.page.locator("#outcome").inner_text()
    opened.slide("parameters", 60)
    limited = opened.page.locator("#outcome").inner_text()
    assert limited != before
    assert "parameters ≤" in limited
    opened.slide("parameters", 200)
    assert opened.page.locator("#outcome").inner_text() == before


def test_a_budget_that_nobody_keeps_shows_the_nearest(opened: Opened) -> None:
    opened.page.locator("input[type=number]").first.fill("0.0001")
    opened.page.wait_for_timeout(50)
    assert opened.count() == 0
    assert "No candidate keeps" in opened.page.locator("#outcome").inner_text()
    assert opened.page.locator("table.front tbody tr").count() > 0


def test_a_click_on_a_candidate_shows_its_drawing(opened: Opened) -> None:
    for key in opened.page.locator("#chosen article").evaluate_all("nodes => nodes.map(node => node.dataset.key)"):
        opened.page.locator(f"#chosen article[data-key='{key}'] button.quiet").click()
    assert opened.page.locator("#chosen svg.drawing").count() == 0
    mark = opened.page.locator(MARK).first
    key = mark.get_attribute("data-key")
    mark.click()
    drawing = opened.page.locator(f"#chosen article[data-key='{key}'] svg.drawing")
    assert drawing.count() == 1
    assert "layer 1" in drawing.text_content()


def test_the_keyboard_alone_reaches_a_drawing_and_the_next_candidate(opened: Opened) -> None:
    first = opened.page.locator(f"{MARK}[tabindex='0']")
    first.focus()
    opened.page.keyboard.press("ArrowRight")
    key = opened.page.evaluate("document.activeElement.dataset.key")
    before = opened.page.locator(f"#chosen article[data-key='{key}']").count()
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_timeout(80)
    assert opened.page.locator(f"#chosen article[data-key='{key}']").count() == 1 - before
    assert opened.page.evaluate("document.activeElement.dataset.key") == key
    row = opened.page.locator("table.front button.key").first
    row.focus()
    opened.page.keyboard.press("ArrowDown")
    assert opened.page.evaluate("document.activeElement.classList.contains('key')")


def test_a_brush_between_the_coordinates_hides_candidates_and_escape_frees_them(opened: Opened) -> None:
    shown = opened.count()
    handle = opened.page.locator("#coordinates .handle").nth(1)
    handle.focus()
    for _ in range(10):
        opened.page.keyboard.press("PageDown")
    opened.page.wait_for_timeout(80)
    assert opened.count() < shown
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_timeout(80)
    assert opened.count() == shown


def test_the_export_buttons_download_what_is_shown(opened: Opened, finished: dict[str, Any], tmp_path: Path) -> None:
    for kind in ("csv", "json"):
        with opened.page.expect_download() as download:
            opened.page.click(f"#export-{kind}")
        assert download.value.suggested_filename == f"invented-front.{kind}"
        download.value.save_as(tmp_path / kind)
    view = finished["views"][0]
    front = [finished["candidates"][view["members"][place]]["key"] for place in view["front"]]
    told = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert [candidate["key"] for candidate in told["candidates"]] == front
    assert told["candidates"][0]["values"]["error"]["provenance"] == "scored"
    lines = (tmp_path / "csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("key,summary,error,error_stderr,error_unit,error_provenance")
    assert [line.partition(",")[0] for line in lines[1:]] == front


def test_a_column_sorts_the_table(opened: Opened) -> None:
    head = opened.page.locator("table.front thead th").nth(2)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_page_does_not_scroll_sideways(browser: Any, file: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    found = Opened(context, file)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.said == []
    context.close()


def test_the_page_is_dark_where_the_system_is(browser: Any, file: str) -> None:
    shades = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
        shades.append(Opened(context, file).page.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    light, dark = (sum(int(part) for part in shade[4:-1].split(",")) for shade in shades)
    assert light > 600
    assert dark < 150


def test_hostile_names_are_text_and_run_nothing(browser: Any, tmp_path: Path) -> None:
    with Ledger.open(make_hostile(tmp_path), read_only=True) as ledger:
        document = page_document(ledger, LONG, PageOptions(calibrate=False))
    page = tmp_path / "hostile.html"
    page.write_text(render_page(document), encoding="utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 800}, accept_downloads=True)
    found = Opened(context, page.as_uri())
    assert found.page.evaluate("window.stolen") is None
    assert found.page.locator("img").count() == 0
    assert "\u202e" not in found.page.locator("main").inner_text()
    assert "<script>window.stolen=1</script>" in found.page.locator("h1").inner_text()
    assert len(found.page.locator("h1").inner_text()) < 200
    assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
    with found.page.expect_download() as download:
        found.page.click("#export-csv")
    name = download.value.suggested_filename
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert name.endswith("front.csv") and not name.startswith((".", "-"))
    assert found.said == []
    context.close()


def test_dominance_in_the_page_equals_that_of_the_search(browser: Any) -> None:
    random = np.random.default_rng(0)
    context = browser.new_context()
    page = context.new_page()
    page.add_script_tag(content=asset("dominance.js").replace("export ", ""))
    for objectives in (1, 2, 3, 5):
        for count in (0, 1, 2, 40, 300):
            points = np.round(random.normal(size=(count, objectives)), 1 if count > 40 else 0)  # with ties
            signs = random.choice([-1, 1], objectives).tolist()
            directions = [Direction.MAXIMISE if sign < 0 else Direction.MINIMISE for sign in signs]
            unknown = random.random((count, objectives)) < 0.02
            sent = [
                [None if hole else float(number) for number, hole in zip(row, holes, strict=True)]
                for row, holes in zip(points, unknown, strict=True)
            ]
            points[unknown] = np.nan
            found = page.evaluate("([points, signs]) => nonDominated(points, signs)", [sent, signs])
            assert found == non_dominated(points, directions).tolist()
    context.close()


def test_dominance_under_noise_in_the_page_equals_that_of_the_search(browser: Any) -> None:
    random = np.random.default_rng(1)
    context = browser.new_context()
    page = context.new_page()
    for name in ("dominance.js", "noisy_dominance.js"):
        page.add_script_tag(content=script((name,)).removeprefix('(() => {\n"use strict";\n').removesuffix("})();\n"))
    differing = 0
    for objectives in (1, 2, 4):
        for count in (0, 1, 2, 40, 200):
            points = np.round(random.normal(size=(count, objectives)), 1)  # with ties
            errors = np.where(random.random(points.shape) < 0.3, 0.0, random.exponential(0.3, points.shape))
            signs = random.choice([-1, 1], objectives).tolist()
            directions = [Direction.MAXIMISE if sign < 0 else Direction.MINIMISE for sign in signs]
            sent = points.tolist()
            if count > 2:
                points[1, 0], sent[1][0] = np.nan, None
            for confidence in (0.5, 0.9, 0.99):
                found = page.evaluate(
                    "(asked) => confidentlyNonDominated(...asked)", [sent, errors.tolist(), signs, confidence]
                )
                expected = confidently_non_dominated(points, errors, confidence, directions)
                assert found == expected.tolist()
                differing += int((expected != non_dominated(points, directions)).sum())
    assert differing > 100
    context.close()


def test_who_is_worse_within_the_error_bars_stays_where_that_is_asked_for(opened: Opened) -> None:
    opened.page.select_option("#view", "short")
    opened.page.wait_for_timeout(50)
    before = opened.count()
    opened.page.select_option("#dominance", "0.99")
    opened.page.wait_for_timeout(50)
    assert opened.count() > before
    opened.page.select_option("#dominance", "0")
    opened.page.wait_for_timeout(50)
    assert opened.count() == before


def test_the_live_page_takes_over_what_has_changed(browser: Any, tmp_path: Path) -> None:
    from protran.serve import answers
    from protran.serve.fleet_state import FleetState
    from protran.serve.server import PageServer

    device = {"name": "pi", "state": "ready", "silent_s": 1.0, "reason": "", "health": {}}
    path = run_invented(tmp_path, jobs=22)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "EVERY_S", 0.1)
        server = PageServer(place_of(path), None, port=0, fleet=FleetState(lambda: {"devices": [device]}))
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
        thread.start()
        context = browser.new_context()
        try:
            found = Opened(context, server.url)
            found.page.click("a[href='/campaign/1/']")
            found.page.wait_for_selector("#fleet .state.ready")
            phase = found.page.locator(".title .phase")
            assert phase.inner_text() != "done"
            with sqlite3.connect(path) as connection:
                connection.execute("update campaigns set phase = 'done', updated_at = '2030-01-01T00:00:00+00:00'")
            found.page.wait_for_selector(".title .phase.done", timeout=20_000)
            assert found.page.locator("#lamp").inner_text() == "complete"
            assert found.said == []
            assert all(url.startswith(server.url) for url in found.asked)
        finally:
            context.close()
            server.shutdown()
            server.server_close()
            thread.join(10)
