"""Escalation on the page: the levels, what went up, and the way of a demand."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from schemas.catalogue import Catalogue
from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

HERE = "310105001001"
LEVELS = "console/?page=levels"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def escalated(console: Server, catalogue: Catalogue) -> str:
    """A demand that is with the city, of a category that no other module's tests look at."""
    by_category = {item.split(".")[0]: item for item in sorted(catalogue.items)}
    *_, item, _, _, _ = by_category.values()
    return console.escalate(item=item, community=HERE)


def test_the_page_shows_what_is_with_the_city_and_leads_to_the_way_of_a_demand(
    browser: Browser, console: Server, escalated: str
) -> None:
    with visiting(browser, f"{console.url}{LEVELS}&lang=en") as page:
        stair = page.locator("[data-shard='3101']")
        expect(stair).to_be_visible()
        told = httpx.get(f"{console.url}v1/escalations/levels").raise_for_status().json()["levels"][0]
        expect(stair.locator(".count b")).to_have_text(str(sum(told["waiting"])))
        stair.focus()
        page.keyboard.press("Enter")
        expect(stair).to_have_attribute("aria-pressed", "true")
        row = page.locator(f"[data-went='{escalated}']")
        expect(row).to_have_attribute("data-state", "waiting")
        expect(row).to_contain_text("长宁区 → 上海市")
        page.locator("[data-test=went-state]").select_option("served")
        expect(row).to_have_count(0)
        page.locator("[data-test=went-state]").select_option("")
        row.get_by_role("button").click()
        way = page.locator("[data-test=way] li")
        expect(way).to_have_count(1)
        expect(way).to_contain_text("escalated to 上海市")
        expect(way).to_contain_text("1 d 1 h in 长宁区")
        expect(page.locator("[data-test=away]").first).to_contain_text("waiting with 上海市")
        expect(page.locator(".line")).to_have_attribute("data-verdict", "no_candidate")
        assert f"demand={escalated}" in page.url


def test_it_fits_a_phone_in_chinese_and_the_address_keeps_the_page(
    browser: Browser, console: Server, escalated: str
) -> None:
    with visiting(browser, f"{console.url}{LEVELS}", viewport=PHONE) as page:
        expect(page.locator(f"[data-went='{escalated}']")).to_contain_text("等待已到时限")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.locator("[data-test=page-overview]").click()
        expect(page.locator("[data-test=levels]")).to_have_count(0)
        page.go_back()
        expect(page.locator("[data-test=levels]")).to_be_visible()
        page.goto(f"{console.url}console/?demand={escalated}")
        expect(page.locator("[data-test=way]")).to_contain_text("升级到上海市")
        assert page.locator("dialog").evaluate("it => it.scrollWidth") <= PHONE["width"]
