"""What would be, as people see it: what is scarce, whom an offer helps, what a "no" moves, odds before posting."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from schemas.catalogue import Catalogue
from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

HERE = "310105001001"
SCARCE = "console/?page=prices"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def item(catalogue: Catalogue) -> str:
    """Of a category that no other module's tests look at: what is posted here is matched with what they make."""
    return sorted(catalogue.items)[-1]


def figures(cell: Locator) -> int:
    return int(cell.inner_text().replace(",", ""))


def test_the_scarcity_board_is_the_apis_dearest_first(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}{SCARCE}") as page:
        rows = page.locator("[data-price]")
        expect(rows.first).to_be_visible()
        told = httpx.get(f"{console.url}v1/prices", params={"region": "310105"}).raise_for_status().json()
        highest = sorted((row["highest"] for row in told["boards"][0]["rows"] if row["highest"]), reverse=True)
        shown = [figures(cell) for cell in rows.locator("td.n b").all()]
        assert shown == highest[: len(shown)]
        assert len(shown) == min(40, len(highest))
        expect(page.get_by_role("img", name="最稀缺")).to_be_visible()
        page.get_by_role("button", name="按街道").click()
        expect(page.locator(".heat svg")).to_contain_text("街道")
        numbers = {text for text in page.locator(".heat svg text").all_text_contents() if text[0].isdigit()}
        assert f"{highest[0]:,}" in numbers <= {f"{price:,}" for price in highest}


def test_a_scarce_class_says_whom_to_phone(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}{SCARCE}&lang=en") as page:
        first = page.locator("[data-price] button").first
        first.focus()
        page.keyboard.press("Enter")
        expect(first).to_have_attribute("aria-expanded", "true")
        expect(page.locator("[data-test=units]")).to_contain_text(re.compile("Units to phone first|No unit"))


def test_a_region_narrows_the_board_and_the_address_keeps_the_page(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}{SCARCE}&region=310105001") as page:
        page.wait_for_selector("[data-test=prices]:has([data-price]), [data-test=prices] .quiet")
        for key in page.locator("[data-price]").all():
            assert (key.get_attribute("data-price") or "").split()[1] == "310105001"
        page.locator("[data-test=page-overview]").click()
        expect(page.locator("tbody [data-row]").first).to_be_visible()
        assert "page=" not in page.url
        page.go_back()
        expect(page.locator("[data-test=prices]")).to_be_visible()


def test_the_board_fits_a_phone(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}{SCARCE}", viewport=PHONE) as page:
        expect(page.locator("[data-price]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_before_a_no_the_page_says_what_it_would_move(browser: Browser, console: Server, item: str) -> None:
    made = console.match(item=item, community=HERE)
    with visiting(browser, f"{console.url}console/?assignment={made}&lang=en") as page:
        page.locator("[data-test=ask-decline]").click()
        told = httpx.get(f"{console.url}v1/assignments/{made}/if-declined").raise_for_status().json()
        section = page.locator("[data-test=if-declined]")
        expect(section).to_contain_text(
            "The demand would still be served." if told["refilled"] else "The seat would stay open."
        )
        expect(section).to_contain_text(f"Worth {told['worth']:,} points; {told['loss']:,} would be lost.")
        expect(section.locator(".moves li")).to_have_count(len(told["moves"]))


def test_an_offer_says_whom_it_could_help(browser: Browser, console: Server, item: str) -> None:
    made = console.match(item=item, community=HERE)
    with visiting(browser, f"{console.url}console/?assignment={made}&lang=en") as page:
        page.locator("[data-test=helper-link]").click()
        helper = page.locator("[data-test=helper]")
        expect(helper).to_be_visible()
        resource = re.search(r"resource=([\w-]+)", page.url)
        assert resource
        told = httpx.get(f"{console.url}v1/resources/{resource[1]}/demands").raise_for_status().json()
        expect(helper.locator("[data-chance]")).to_have_count(len(told["chances"]))
        page.keyboard.press("Escape")
        expect(helper).to_have_count(0)
        assert "resource=" not in page.url


def filled(page: Page, *, item: str, quantity: int) -> None:
    """Open the posting form, once the page knows where it is, and choose service, place and quantity."""
    expect(page.locator("tbody [data-row]").first).to_be_visible()
    page.locator("[data-test=post]").click()
    page.locator("[data-test=post-item]").select_option(item)
    for depth, code in enumerate((HERE[:9], HERE)):
        page.locator("[data-test=post-place]").nth(depth).select_option(code)
    page.locator("[data-test=post-quantity]").fill(str(quantity))


def test_odds_and_what_would_help_are_there_before_posting(browser: Browser, console: Server, item: str) -> None:
    console.match(item=item, community=HERE)
    with visiting(browser, f"{console.url}console/?lang=en", viewport=PHONE) as page:
        filled(page, item=item, quantity=40)
        odds = page.locator("[data-test=odds]")
        expect(odds.locator("[data-test=odds-text]")).to_contain_text("/40)")
        page.locator("[data-test=post-quantity]").fill("39")
        expect(odds.locator("[data-test=odds-text]")).to_contain_text("/39)")
        fewer = odds.locator("[data-remedy=seats]")
        if fewer.count():  # some of the seats would be served: ask for as many
            fewer.click()
            expect(odds.locator("[data-test=odds-text]")).to_contain_text("every seat would be served")
        page.locator("[data-test=post-send]").click()
        posted = page.locator("[data-test=posted]")
        expect(posted).to_be_visible()
        name = re.search(r"d-[\w-]+", posted.inner_text())
        assert name
        detail = httpx.get(f"{console.url}v1/demands/{name[0]}").raise_for_status().json()
        assert detail["view"]["demand"]["community"] == HERE
        assert detail["view"]["demand"]["lines"][0]["item"] == item
        posted.get_by_role("button").click()
        expect(page.locator("[data-test=why-demand]")).to_be_visible()
        httpx.post(f"{console.url}v1/demands/{name[0]}:withdraw").raise_for_status()


def test_a_team_is_posted_and_said_to_lack_seats_at_one_start(browser: Browser, console: Server, item: str) -> None:
    vans = {"provider": "team:vans", "title": "面包车", "item": item, "capacity": 2, "scope": ["310105"], "home": HERE}
    vans["qualifications"] = ["agreement"]
    offered = httpx.post(f"{console.url}v1/resources", json=vans).raise_for_status().json()["id"]
    with visiting(browser, f"{console.url}console/?lang=en") as page:
        filled(page, item=item, quantity=40)
        page.locator("[data-test=post-together]").check()
        expect(page.locator("[data-test=odds-text]")).to_contain_text("all seats of the team are needed at once")
        page.locator("[data-remedy=apart]").click()
        expect(page.locator("[data-test=post-together]")).not_to_be_checked()
        page.locator("[data-test=post-together]").check()
        expect(page.locator("[data-remedy=apart]")).to_be_visible()
        page.locator("[data-test=post-send]").click()
        posted = page.locator("[data-test=posted]")
        posted.get_by_role("button").click()
        line = page.locator("[data-test=why-demand] .line")
        expect(page.locator("[data-test=team]")).to_have_text("Team: all 40 seats at one start, or none")
        expect(line).to_have_attribute("data-verdict", "incomplete")
        expect(line.locator("[data-test=remedies]")).to_contain_text("Let each seat be filled on its own")
        name = re.search(r"demand=(d-[\w-]+)", page.url)
        assert name
        httpx.post(f"{console.url}v1/demands/{name[1]}:withdraw").raise_for_status()
    httpx.post(f"{console.url}v1/resources/{offered}:withdraw").raise_for_status()


def test_a_bundle_of_two_lines_is_posted_and_shown_as_a_team(browser: Browser, console: Server, item: str) -> None:
    helpers = "new_groups.rider_volunteer"
    offers = [
        httpx.post(f"{console.url}v1/resources", json=offer | {"scope": ["310105"], "home": HERE})
        .raise_for_status()
        .json()["id"]
        for offer in (
            {"provider": "team:vans", "title": "面包车", "item": item, "qualifications": ["agreement"]},
            {"provider": "team:riders", "title": "骑手", "item": helpers, "capacity": 3},
        )
    ]
    with visiting(browser, f"{console.url}console/?lang=en", viewport=PHONE) as page:
        filled(page, item=item, quantity=1)
        expect(page.locator("[data-test=post-bundle], [data-test=post-together]")).to_have_count(0)
        page.locator("[data-test=post-more]").click()
        second = page.locator("[data-test=post-line]").nth(1)
        expect(second.locator("[data-test=post-item]")).to_be_focused()
        second.locator("[data-test=post-item]").select_option(helpers)
        second.locator("[data-test=post-quantity]").fill("3")
        expect(second.locator("[data-test=post-together]")).to_be_visible()
        page.get_by_label("Bundle").check()
        expect(second.locator("[data-test=post-together]")).to_have_count(0)
        expect(page.locator("[data-test=odds-line]")).to_have_count(2)
        expect(page.locator("[data-test=odds-text]")).to_contain_text("(1/1)")
        expect(page.locator("[data-test=odds-text]")).to_contain_text("(3/3)")
        assert page.locator("dialog").evaluate("it => it.scrollWidth") <= PHONE["width"]
        page.locator("[data-test=post-send]").click()
        page.locator("[data-test=posted]").get_by_role("button").click()
        expect(page.locator("[data-test=team]")).to_have_text("Bundle: all 4 seats of 2 lines at one start, or none")
        expect(page.locator("[data-test=why-demand] .teamed .line")).to_have_count(2)
        posted = page.url.partition("demand=")[2]
        page.keyboard.press("Escape")
        console.match(item=item, community=HERE)
        mine = page.locator("tbody tr:has(.badge)").first
        expect(mine.locator(".badge")).to_have_text("team")
        mine.click()
        team = page.locator("[data-test=why-assignment] [data-test=team]")
        expect(team.locator("[data-mate]")).to_have_count(3)
        team.locator("[data-mate]").first.click()
        expect(team.locator("[data-mate]")).to_have_count(3)
    kept = httpx.get(f"{console.url}v1/demands/{posted}").raise_for_status().json()
    assert kept["view"]["demand"]["bundle"]
    assert [line["filled"] for line in kept["lines"]] == [1, 3]
    for path in (f"demands/{posted}", *(f"resources/{offer}" for offer in offers)):
        httpx.post(f"{console.url}v1/{path}:withdraw").raise_for_status()


def test_what_a_form_holds_is_checked_as_a_post_is(browser: Browser, console: Server, item: str) -> None:
    with visiting(browser, console.url, may_complain=True) as page:
        filled(page, item=item, quantity=1)
        expect(page.locator("[data-test=odds-text]")).to_be_visible()
        page.locator("[data-test=post-start]").fill("2020-01-01T09:00")
        page.locator("[data-test=post-end]").fill("2020-01-01T17:00")
        expect(page.locator("[data-test=post-problem]")).to_be_visible()


def test_the_service_is_found_by_what_is_typed_and_taken_by_keys(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url, viewport=PHONE) as page:
        expect(page.locator("tbody [data-row]").first).to_be_visible()
        page.locator("[data-test=post]").click()
        title, found = page.locator("[data-test=post-title]"), page.locator("[data-suggest]")
        title.fill("奶奶卧床，头发长了，想请师傅来剪头发")
        expect(found.first).to_have_attribute("data-suggest", "elder_care.hair_cut")
        expect(found.first).to_have_attribute("title", re.compile("因为提到.*“剪头发”"))
        assert page.locator("dialog").evaluate("it => it.scrollWidth") <= PHONE["width"]
        title.press("ArrowDown")
        expect(found.first).to_be_focused()
        page.keyboard.press("Enter")
        expect(found.first).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[data-test=post-item]")).to_have_value("elder_care.hair_cut")
        title.fill("My kitchen sink is blocked and the pipe leaks")
        expect(found.first).to_have_attribute("data-suggest", "home_repair.plumbing")
        found.first.click()
        expect(page.locator("[data-test=post-item]")).to_have_value("home_repair.plumbing")
        title.fill("股票跌了")
        expect(page.locator("[data-test=suggest-none]")).to_be_visible()
        title.fill("")
        expect(page.locator("[data-test=suggest] > *")).to_have_count(0)
        page.keyboard.press("Escape")
