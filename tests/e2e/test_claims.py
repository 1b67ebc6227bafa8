"""Claiming by hand, from either side: the button, the answer of the round, and what a second one is told."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect

from schemas.catalogue import Catalogue
from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

HERE = "310105001001"
SOON = datetime.now(UTC) + timedelta(days=2)
DAY = {"start": SOON.isoformat(), "end": (SOON + timedelta(hours=8)).isoformat()}

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def items(catalogue: Catalogue) -> tuple[str, str]:
    """Two of categories that no other module's tests look at: for the claims, and to have rounds held."""
    by_category = {item.split(".")[0]: item for item in sorted(catalogue.items)}
    *_, second, first, _ = by_category.values()
    return first, second


def listed(console: Server, kind: str, body: dict[str, object]) -> str:
    """Put an entry on the list over the API; return its id."""
    answer = httpx.post(f"{console.url}v1/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def wish(console: Server, item: str) -> str:
    line = {"item": item, "siblings": False}
    body = {"requester": f"community:{HERE}", "title": "亲手挑选", "lines": [line], "community": HERE, "window": DAY}
    return listed(console, "demands", body)


def test_either_side_claims_the_first_is_honoured_and_the_other_is_told(
    browser: Browser, console: Server, items: tuple[str, str], catalogue: Catalogue
) -> None:
    item, other = items
    gate = catalogue.category_of(item).required(risky=True)
    offer = listed(
        console,
        "resources",
        {
            "provider": "team:hands",
            "title": "巧手",
            "item": item,
            "scope": ["310105"],
            "home": HERE,
            "qualifications": [gate] if gate else [],
        },
    )
    first, second = wish(console, item), wish(console, item)
    with visiting(browser, f"{console.url}console/?resource={offer}&lang=en") as page:
        row = page.locator(f"li:has([data-chance='{first}'])")
        row.locator("[data-test=claim]").click()
        expect(row.locator("[data-test=claim-said]")).to_have_text("The claim was taken; the next round decides.")
        with visiting(browser, f"{console.url}console/?demand={second}", viewport=PHONE) as phone:
            phone.locator("[data-test=pick]").click()
            pick = phone.locator(f"[data-pick='{offer}']")
            pick.get_by_role("button", name="认领").click()
            expect(pick.locator("[data-test=claim-said]")).to_have_text("认领已登记，下一轮给出结果。")
            assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            console.match(item=other, community=HERE)  # holds a round
            expect(pick.locator("[data-test=claim-said]")).to_have_text("已有人先认领。")
        expect(row.locator("[data-test=claim-said]")).to_have_text("The claim was honoured: the pair was made.")
        page.reload()
        expect(page.locator("[data-test=claims] li")).to_have_count(2)
        assert page.locator("[data-test=claims] li").first.get_attribute("data-state") == "claimed_before"
    for demand in (first, second):
        httpx.post(f"{console.url}v1/demands/{demand}:withdraw").raise_for_status()


def test_a_claim_is_taken_back_while_it_is_open(
    browser: Browser, console: Server, items: tuple[str, str], catalogue: Catalogue
) -> None:
    item, _ = items
    offer = listed(
        console,
        "resources",
        {"provider": "team:hands", "title": "巧手", "item": item, "scope": ["310105"], "home": HERE},
    )
    demand = wish(console, item)
    with visiting(browser, f"{console.url}console/?demand={demand}&lang=en") as page:
        page.locator("[data-test=pick]").click()
        pick = page.locator(f"[data-pick='{offer}']")
        pick.locator("[data-test=claim]").click()
        pick.locator("[data-test=claim-back]").click()
        expect(pick.locator("[data-test=claim-said]")).to_have_text("The claim was taken back.")
        expect(pick.locator("[data-test=claim-back]")).to_have_count(0)
    httpx.post(f"{console.url}v1/demands/{demand}:withdraw").raise_for_status()
    httpx.post(f"{console.url}v1/resources/{offer}:withdraw").raise_for_status()
