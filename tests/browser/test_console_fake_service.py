"""The console's own behaviour, against a stand-in that answers as the contract says."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import DIST, PICTURES, REPO, Complaints
from console_fake import serving
from console_world import World
from playwright.sync_api import Page, expect

AXE = REPO / "api" / "web" / "node_modules" / "axe-core" / "axe.min.js"
ALIKE = ["li[role=option]:nth-child(n+9)", "g[role=option]:nth-of-type(n+20)"]
"""Rows and bars after the first few: the same mark-up again, left out to save time."""
PAGES = ("situation", "plan", "requests", "cases", "review", "report")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def site(world: World, complaints: Complaints, page: Page) -> Iterator[str]:
    with serving(world, DIST) as address:
        yield address
        page.goto("about:blank")  # close the socket before the server goes


def settle(page: Page) -> None:
    """Wait until the map was drawn and holds all drones."""
    expect(page.locator("#map[data-ready=true]")).to_be_visible(timeout=15_000)
    expect(page.locator("#map")).to_have_attribute("data-drones", "51", timeout=10_000)


def picture(page: Page, name: str) -> None:
    """Keep a screenshot so that somebody can look at it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def slide(page: Page, name: re.Pattern[str]) -> None:
    """Drag the confirming knob to the end of its track."""
    knob = page.get_by_role("button", name=name)
    box = knob.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y, steps=4)
    page.mouse.move(x + 400, y, steps=4)
    page.mouse.up()


def test_situation_shows_the_fleet_in_step_with_the_map(page: Page, site: str) -> None:
    page.goto(site)
    settle(page)
    rows = page.get_by_role("listbox", name="Fleet").get_by_role("option")
    expect(rows).to_have_count(51)
    picture(page, "situation-en-dark")

    page.keyboard.press("/")
    page.keyboard.type("QZ-11")
    expect(rows).to_have_count(1)
    page.keyboard.press("ArrowDown")
    drawer = page.get_by_role("complementary", name="Drone QZ-11")
    expect(drawer.get_by_text("Taking off")).to_be_visible()
    assert "sel=drone:QZ-11" in page.url
    assert "q=QZ-11" in page.url

    page.keyboard.press("Escape")
    expect(rows).to_have_count(51)
    page.locator("#map").focus()
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Stop following")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_a_shared_address_brings_the_same_view(page: Page, site: str) -> None:
    page.goto(f"{site}/#/situation?sel=drone:QZ-51&at=118.9,28.95,12")
    settle(page)
    drawer = page.get_by_role("complementary", name="Drone QZ-51")
    expect(drawer.get_by_text("no data").first).to_be_visible()  # its battery was never reported
    expect(drawer.get_by_role("button", name="Hold")).to_be_disabled()
    x, y = page.evaluate("flyonce.pixelOf(118.9, 28.95)")
    box = page.locator("#map").bounding_box()
    assert box is not None
    assert abs(x - box["x"] - box["width"] / 2) < 30
    assert abs(y - box["y"] - box["height"] / 2) < 30


def test_point_and_fly_previews_and_waits_for_the_slider(
    page: Page, site: str, world: World
) -> None:
    page.goto(f"{site}/#/situation?at=118.87,28.97,12")
    settle(page)
    page.mouse.click(*page.evaluate("flyonce.pixelOf(118.853, 28.955)"))
    popup = page.get_by_role("dialog", name="Point and fly")
    expect(popup.get_by_text("28.955", exact=False)).to_be_visible()
    expect(popup.get_by_text("4 min")).to_be_visible()
    picture(page, "point-and-fly-en-dark")

    knob = page.get_by_role("button", name=re.compile("Slide to send"))
    knob.click()  # a click is no confirmation
    assert world.posted == []
    slide(page, re.compile("Slide to send"))
    expect(page.get_by_text("QZ-07 is on its way")).to_be_visible()
    ((path, body),) = world.posted
    assert path == "/point"
    assert body["vehicle"] == "QZ-07"
    assert abs(body["lon"] - 118.853) < 0.01
    assert abs(body["lat"] - 28.955) < 0.01


def test_point_and_fly_says_why_not(
    page: Page, site: str, world: World, complaints: Complaints
) -> None:
    complaints.expect("409")
    page.goto(f"{site}/#/situation?point=118.8,29.7")
    popup = page.get_by_role("dialog", name="Point and fly")
    expect(popup.get_by_text("outside every drone's reach")).to_be_visible()
    expect(popup.get_by_text("choose a place nearer")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Slide to send"))).to_have_count(0)
    page.keyboard.press("Escape")
    expect(popup).to_be_hidden()


def test_a_command_is_sent_by_keyboard_only_after_holding(
    page: Page, site: str, world: World
) -> None:
    page.goto(f"{site}/#/situation?sel=drone:QZ-01")
    settle(page)
    page.get_by_role("button", name="Return home").click()
    page.get_by_role("button", name=re.compile("Slide to confirm")).focus()
    page.keyboard.press("Enter")  # too short
    page.wait_for_timeout(150)
    assert world.posted == []
    page.keyboard.down("Enter")
    expect(page.get_by_text("Return home: acknowledged")).to_be_visible()
    page.keyboard.up("Enter")
    assert world.posted == [("/flights/F-01-02/commands", {"command": "return"})]


def test_language_and_theme_switch_live(page: Page, site: str) -> None:
    page.goto(site)
    settle(page)
    page.get_by_role("button", name=re.compile("中文")).click()
    expect(page.get_by_role("heading", name="机队")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name="切换为浅色").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    fonts = page.evaluate("getComputedStyle(document.body).fontFamily")
    assert fonts.startswith('"Noto Sans SC Variable"')
    page.wait_for_timeout(300)
    picture(page, "situation-zh-light")
    page.reload()
    expect(page.get_by_role("heading", name="机队")).to_be_visible()  # remembered


def test_plan_opens_a_flight_and_lists_what_is_not_served(page: Page, site: str) -> None:
    page.goto(f"{site}/#/plan")
    chart = page.get_by_role("listbox", name=re.compile("Flights by dock"))
    expect(chart.get_by_role("option")).to_have_count(306)
    expect(page.get_by_text("No drone is free inside its window").first).to_be_visible()
    expect(page.get_by_text("Checked by the independent verifier")).to_be_visible()
    chart.focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("complementary", name="Flight F-01-01")).to_be_visible()
    expect(page.get_by_text("Departments sharing it")).to_be_visible()
    picture(page, "plan-en-dark")
    page.get_by_role("link", name="Show on the map").click()
    settle(page)
    assert "sel=flight:F-01-01" in page.url


def test_a_planned_flight_is_launched_by_the_slider(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/#/plan?flight=F-02-04")
    page.get_by_role("button", name="Launch", exact=True).click()
    slide(page, re.compile("Slide to confirm: Launch"))
    expect(page.get_by_text("Launch acknowledged")).to_be_visible()
    assert world.posted == [("/flights/F-02-04/commands", {"command": "launch"})]


def test_review_is_decided_by_keys(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/#/review")
    expect(page.get_by_text("6 open")).to_be_visible()
    picture(page, "review-en-dark")
    page.keyboard.press("2")
    page.keyboard.press("c")
    expect(page.get_by_text("5 open")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_text("4 open")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("m")
    expect(page.get_by_text("3 open")).to_be_visible()
    decisions = [(path, body["decision"], body.get("event_type")) for path, body in world.posted]
    assert decisions == [
        ("/reviews/R-000/decision", "confirm", "02-02"),
        ("/reviews/R-001/decision", "reject", None),
        ("/reviews/R-002/decision", "mark", "02-01"),
    ]


def test_a_strip_takes_several_marks_and_the_last_word_is_taken_back(
    page: Page, site: str, world: World
) -> None:
    page.goto(f"{site}/#/review?id=R-001")
    page.get_by_role("img", name=re.compile("Picture 1")).click(position={"x": 120, "y": 90})
    page.keyboard.press("1")
    page.keyboard.press("m")
    expect(page.get_by_text("1 marked so far")).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_text("2 marked so far")).to_be_visible()
    picture(page, "review-marks-en-dark")
    page.keyboard.press("d")
    expect(page.get_by_text("5 open")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("6 open")).to_be_visible()
    paths = [path.rpartition("/")[2] for path, _ in world.posted]
    assert paths == ["decision", "decision", "decision", "undo"]
    first = world.posted[0][1]
    assert first["box"]["medium_id"] == "V-1-0"
    assert "lon" not in first
    assert world.posted[2][1]["decision"] == "done"


def test_review_keys_do_nothing_while_a_note_is_written(
    page: Page, site: str, world: World
) -> None:
    page.goto(f"{site}/#/review")
    page.get_by_label("Note").fill("crm")
    page.get_by_label("Note").press("c")
    page.wait_for_timeout(200)
    assert world.posted == []


def test_a_case_takes_its_next_step(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/#/cases?id=C-000")
    page.get_by_label("Note").fill("Crew 3 is on its way")
    picture(page, "cases-en-dark")
    page.get_by_role("button", name="Dispatch", exact=True).click()
    expect(page.get_by_text("Recorded: Dispatch")).to_be_visible()
    assert world.posted == [
        ("/cases/C-000/steps", {"step": "dispatch", "note": "Crew 3 is on its way"})
    ]
    expect(page.get_by_role("button", name="Start handling")).to_be_visible()


def test_a_request_is_drawn_and_answered(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/#/requests")
    expect(page.locator("#map[data-ready=true]")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Submit request")).to_be_disabled()
    page.get_by_role("button", name="Draw an area").click()
    corners = [(118.7, 28.9), (118.9, 28.9), (118.9, 29.05)]
    for lon, lat in corners:
        page.mouse.click(*page.evaluate(f"flyonce.pixelOf({lon}, {lat})"))
        page.wait_for_timeout(300)  # two quick clicks would be a double-click
    page.mouse.dblclick(*page.evaluate("flyonce.pixelOf(118.7, 29.05)"))
    expect(page.get_by_text("km²")).to_be_visible()
    page.get_by_role("button", name="Submit request").click()
    expect(page.get_by_role("status", name="Answer")).to_contain_text("Flies with QZ-07")
    picture(page, "requests-en-dark")
    ((_, body),) = world.posted
    ring = body["geometry"]["coordinates"][0]
    assert body["geometry"]["type"] == "Polygon"
    assert ring[0] == ring[-1]
    assert abs(min(lon for lon, _ in ring) - 118.7) < 0.01
    assert body["earliest"] < body["latest"]


def test_pasted_geojson_is_checked(page: Page, site: str) -> None:
    page.goto(f"{site}/#/requests")
    page.get_by_text("Paste GeoJSON").click()
    field = page.get_by_role("textbox", name="Paste GeoJSON")
    field.fill('{"type":"Point","coordinates":[500000,3200000]}')
    expect(page.get_by_text("not longitude, latitude in degrees")).to_be_visible()
    field.fill(json.dumps({"type": "Point", "coordinates": [118.8, 28.9]}))
    page.get_by_role("button", name="Use this geometry").click()
    expect(page.get_by_text("1 points")).to_be_visible()


def test_report_is_readable(page: Page, site: str) -> None:
    page.goto(f"{site}/#/report")
    expect(page.get_by_role("list", name="Timeline")).to_contain_text("alarm raised")
    expect(page.get_by_text("6.4 min")).to_be_visible()
    picture(page, "report-en-dark")


def test_a_lost_connection_is_told_and_heals(
    page: Page, site: str, world: World, complaints: Complaints
) -> None:
    complaints.expect("503", "WebSocket", "status of 503")
    page.goto(site)
    settle(page)
    world.down = True
    banner = page.get_by_text("No connection to the service since")
    expect(banner).to_be_visible(timeout=8_000)
    expect(page.get_by_role("status").get_by_text("Not connected")).to_be_visible()
    picture(page, "lost-connection-en-dark")
    world.down = False
    page.get_by_role("button", name="Try now").click()
    expect(banner).to_be_hidden(timeout=8_000)
    expect(page.get_by_text("Connected again")).to_be_visible()
    settle(page)


def test_a_service_that_is_away_at_the_start(
    page: Page, site: str, world: World, complaints: Complaints
) -> None:
    complaints.expect("503", "WebSocket")
    world.down = True
    page.goto(site)
    expect(page.get_by_text("No connection to the service since")).to_be_visible(timeout=8_000)
    world.down = False
    settle(page)


def test_a_token_is_asked_for_and_never_stays_in_the_address(
    page: Page, site: str, world: World, complaints: Complaints
) -> None:
    complaints.expect("401", "403", "WebSocket")
    world.token = "s3cret"
    page.goto(f"{site}/#/plan")
    dialog = page.get_by_role("dialog", name=re.compile("Sign in"))
    dialog.get_by_text("With an access key").click()
    dialog.get_by_label("Access token").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_text("refused")).to_be_visible()
    dialog.get_by_text("With an access key").click()
    dialog.get_by_label("Access token").fill("s3cret")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Checked by the independent verifier")).to_be_visible()

    page.evaluate("sessionStorage.clear()")
    page.goto("about:blank")
    page.goto(f"{site}/#/cases?id=C-000&token=s3cret")
    expect(page.get_by_role("img", name="Before")).to_be_visible()
    assert "s3cret" not in page.url
    assert "id=C-000" in page.url


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_is_accessible(page: Page, site: str, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (run scripts/build-console)")
    language = "zh-CN" if theme == "light" else "en"
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    options = {
        # Only colours differ between the themes.
        "runOnly": rules if theme == "dark" else {"type": "rule", "values": ["color-contrast"]},
        "resultTypes": ["violations"],
        "preload": False,
    }
    page.goto(f"{site}/favicon.svg")
    page.evaluate(
        "([theme, language]) => { localStorage.setItem('flyonce.theme', theme);"
        " localStorage.setItem('flyonce.language', language); }",
        [theme, language],
    )
    source = Path(AXE).read_text(encoding="utf-8")
    found: list[Any] = []
    for name in PAGES:
        page.goto(f"{site}/#/{name}?id=C-000&sel=drone:QZ-01&point=118.85,28.95")
        with suppress(AssertionError):
            expect(page.get_by_text(re.compile("^(Loading…|加载中…)$"))).to_have_count(0)
        page.wait_for_timeout(300)
        picture(page, f"{name}-{language}-{theme}")
        page.evaluate(source)
        result = page.evaluate(
            "([scope, options]) => axe.run(scope, options)", [{"exclude": ALIKE}, options]
        )
        found += [
            (name, violation["id"], [node["html"][:120] for node in violation["nodes"][:3]])
            for violation in result["violations"]
        ]
    assert found == []


def test_frames_do_not_pile_up(page: Page, site: str) -> None:
    """51 drones at 5 Hz leave the main thread mostly idle."""
    page.goto(site)
    settle(page)
    began = time.monotonic()
    ticks = page.evaluate(
        """() => new Promise(done => {
            let count = 0;
            const end = performance.now() + 3000;
            const tick = () => {
                if (performance.now() > end) return done(count);
                count += 1;
                setTimeout(tick, 20);
            };
            tick();
        })"""
    )
    assert time.monotonic() - began < 8
    assert ticks > 30  # of 150 on an idle machine; the tests' machine has two busy cores
