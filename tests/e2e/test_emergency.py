"""An emergency on the page: the header says so in words, leads to it, and is silent again in peacetime."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

OFFICE = {"by": "office:310105000000"}
HERE = "310105001001"

pytestmark = pytest.mark.browser


def test_an_emergency_is_announced_in_the_header_until_it_is_lifted(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}console/?lang=en") as page:
        band = page.locator(".topbar + [data-test=emergency]")
        expect(page.locator(".figures")).to_be_visible()
        expect(band).to_be_hidden()
        expect(band).to_have_attribute("aria-live", "polite")

        said = OFFICE | {"community": HERE, "reason": "台风橙色预警", "due": "2099-01-01T00:00:00Z"}
        mode = httpx.post(f"{console.url}v1/modes", json=said).raise_for_status().json()["id"]
        expect(band).to_contain_text("Emergency")
        expect(band).to_contain_text("华阳路街道 华一居委会, since")
        expect(band).to_contain_text("台风橙色预警")
        page.locator("button[lang=zh-CN]").click()
        expect(band).to_contain_text("战时")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "all still fits the screen"

        band.locator(f"[data-mode='{mode}'] button").click()
        expect(page.locator("[data-test=life]")).to_have_attribute("data-state", "emergency")
        page.keyboard.press("Escape")
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        httpx.post(f"{console.url}v1/modes/{mode}:lift", json=OFFICE).raise_for_status()
        expect(band).to_be_hidden()


def test_of_many_emergencies_the_header_names_three_and_leads_to_the_others(browser: Browser, console: Server) -> None:
    regions = [f"31010500{street}000" for street in (1, 2, 5, 6)]
    said = [OFFICE | {"community": region, "reason": "演练"} for region in regions]
    modes = [httpx.post(f"{console.url}v1/modes", json=each).raise_for_status().json()["id"] for each in said]
    with visiting(browser, f"{console.url}console/?lang=en") as page:
        expect(page.locator("[data-mode]")).to_have_count(3)
        page.get_by_text("1 more").click()
        for mode in modes:
            expect(page.locator(f"[data-life='{mode}']")).to_contain_text("emergency")
    for mode in modes:
        httpx.post(f"{console.url}v1/modes/{mode}:lift", json=OFFICE).raise_for_status()
