"""The overview as an operator meets it: figures, drill-down, languages, phone."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from api.readmodel.model import ReadModel
from api.readmodel.queries.overview import overview
from api.readmodel.views import Counts
from schemas.regions import Regions
from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

pytestmark = pytest.mark.browser
DISTRICT = "310105"
STREET = "310105102"


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-test={name}] .big")


def number(locator: Locator) -> int:
    return int(locator.inner_text().replace(",", ""))


def counts(model: ReadModel, region: str) -> Counts:
    with model.read() as connection:
        return overview(connection, now=datetime.now(UTC), region=region).counts


def shows(page: Page, expected: Counts) -> None:
    """Hold the headline figures against the lists."""
    expect(figure(page, "open_demands")).to_have_text(f"{expected.open_demands:,}")
    expect(figure(page, "open_seats")).to_have_text(f"{expected.open_seats:,}")
    expect(figure(page, "live_assignments")).to_have_text(f"{expected.live:,}")
    expect(figure(page, "fill_rate")).to_have_text(f"{100 * (expected.fill_rate or 0):.1f}%")


def test_the_root_leads_to_the_region_that_holds_the_data(browser: Browser, console: Server, model: ReadModel) -> None:
    with visiting(browser, console.url) as page:
        expect(page).to_have_url(re.compile("/console/$"))
        expect(page.locator(".crumb.here")).to_have_text("长宁区")
        shows(page, counts(model, DISTRICT))
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        assert page.context.cookies() == []


def test_everything_important_fits_a_desk_screen(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url) as page:
        for part in (".figures", ".stream table", ".minutes svg", ".bars li", ".waiting li"):
            expect(page.locator(part).first).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_region_changes_figures_and_stream_and_the_way_back_is_there(
    browser: Browser, console: Server, model: ReadModel, regions: Regions
) -> None:
    street = regions.name(STREET)
    with visiting(browser, console.url) as page:
        page.locator(f".bar[data-code='{STREET}']").click()
        expect(page.locator(".crumb.here")).to_have_text(street)
        shows(page, counts(model, STREET))
        places = page.locator("tbody .who span:first-child")
        expect(places.first).to_contain_text(street)
        assert all(place.startswith(street) for place in places.all_inner_texts())

        page.get_by_role("button", name="长宁区").click()
        shows(page, counts(model, DISTRICT))
        page.go_back()
        shows(page, counts(model, STREET))
        page.reload()
        expect(page.locator(".crumb.here")).to_have_text(street)


def test_the_picker_goes_down_to_a_community_and_hides_few_members(
    browser: Browser, console: Server, regions: Regions
) -> None:
    with visiting(browser, console.url) as page:
        page.locator("[data-test=below]").select_option(label=regions.name(STREET))
        expect(page.locator(".crumb.here")).to_have_text(regions.name(STREET))
        expect(page.locator("[data-test=below] option")).not_to_have_count(1)
        page.locator("[data-test=below]").select_option(index=1)
        expect(page.locator(".crumbs li")).to_have_count(5)
        expect(page.locator("[data-test=below]")).to_have_count(0)
        expect(page.locator("[data-test=open_seats] .note")).to_contain_text("党员 不足 5")


def test_a_category_bar_filters_the_stream(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url) as page:
        page.locator("[data-test=by-category]").click()
        bar = page.locator(".bar").first
        name = bar.locator(".name").inner_text()
        bar.click()
        expect(bar).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[data-test=category] option:checked")).to_have_text(name)
        expect(page.locator("tbody tr").first).to_be_visible()
        expect(page.locator("tbody .what small").filter(has_not_text=name)).to_have_count(0)


def test_the_language_switch_turns_every_word_and_is_remembered(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url) as page:
        expect(page.get_by_role("heading", name="实时匹配")).to_be_visible()
        page.get_by_role("button", name="EN").click()
        expect(page.get_by_role("heading", name="Live matches")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en-GB")
        expect(page).to_have_title("Cobuild · Overview")
        page.goto(f"{console.url}console/")
        expect(page.get_by_role("heading", name="Live matches")).to_be_visible()
        page.goto(f"{console.url}console/?lang=zh")
        expect(page.get_by_role("heading", name="实时匹配")).to_be_visible()


def test_english_leaves_no_chinese_but_names(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}console/?lang=en") as page:
        expect(page.locator("tbody tr").first).to_be_visible()
        for words in ("dt, dd, h2, th, .st, .age, .hint, .aside", ".what, option:not([data-test=below] option)"):
            said = " ".join(page.locator(f".page :is({words})").all_inner_texts())
            assert not re.search(r"[\u4e00-\u9fff]", said), said


def test_light_and_dark_follow_the_system(browser: Browser, console: Server) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        with visiting(browser, console.url, color_scheme=scheme) as page:
            expect(page.locator(".figures")).to_be_visible()
            grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(map(int, re.findall(r"\d+", ground))) / 3 for ground in grounds)
    assert light > 200
    assert dark < 50


def test_a_phone_gets_one_column_without_sideways_scrolling(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        expect(page.locator("tbody tr").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        lefts = {box["x"] for card in page.locator(".card").all() if (box := card.bounding_box())}
        assert len(lefts) == 1, "cards stand side by side"
        few = page.locator("tbody tr").count()
        page.get_by_role("button", name="更多").tap()
        expect(page.locator("tbody tr")).not_to_have_count(few)
        page.locator("tbody tr").nth(1).tap()
        sheet = page.locator("dialog")
        expect(sheet).to_be_visible()
        box = sheet.bounding_box()
        assert box and round(box["width"]) == PHONE["width"]


def test_before_there_is_data_it_says_what_to_do(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Server(tmp_path_factory.mktemp("empty"), "--empty")
    server.start()
    try:
        with visiting(browser, server.url) as page:
            expect(page.locator("[data-test=empty]")).to_contain_text("make demo")
            expect(page.locator("[data-test=empty]")).to_contain_text(f"POST {server.url}v1/demands")
            server.match(item="digital.computer_repair", community="310105001001")
            expect(page.locator("[data-test=empty]")).to_have_count(0)
            expect(page.locator("tbody tr").first).to_be_visible()
            expect(page.locator(".crumb.here")).to_have_text("长宁区")
    finally:
        server.stop()
