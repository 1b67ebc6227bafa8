"""The live stream and its reasons: what arrives, what a click and the keyboard open, what happens without a server."""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from api.readmodel.model import ReadModel
from api.readmodel.tables import assignments
from schemas.catalogue import Catalogue
from tests.e2e.browser import visiting
from tests.e2e.server import Server

pytestmark = pytest.mark.browser
HERE, ELSEWHERE = "310105001001", "310105102001"


def row(page: Page, assignment_id: str) -> str:
    return f"tbody tr:has([data-row='{assignment_id}'])"


@pytest.fixture
def items(catalogue: Catalogue) -> tuple[str, str]:
    """Two items of different categories without a gate."""
    free = {item.category_id: item.item_id for item in catalogue.items.values()
            if catalogue.categories[item.category_id].gate == "none"}  # fmt: skip
    one, two, *_ = sorted(free.values())
    return one, two


def ready(page: Page) -> None:
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_new_match_arrives_on_top_for_everybody_without_reload(
    browser: Browser, console: Server, catalogue: Catalogue, items: tuple[str, str]
) -> None:
    with visiting(browser, console.url) as one, visiting(browser, f"{console.url}console/?lang=en") as two:
        for page in (one, two):
            ready(page)
            page.evaluate("window.sameDocument = true")
        made = console.match(item=items[0], community=HERE)
        for page, name in ((one, catalogue.items[items[0]].zh), (two, catalogue.items[items[0]].en.capitalize())):
            new = page.locator(row(page, made))
            expect(new).to_be_visible()
            expect(new).to_contain_text(name)
            expect(new).to_contain_class("fresh")
            expect(new.locator(".who")).to_contain_text("华阳路街道 华一居委会")
            assert page.evaluate("window.sameDocument")
        for page in (one, two):
            expect(page.locator("tbody tr").first.locator("[data-row]")).to_have_attribute("data-row", made)


def test_news_of_a_match_changes_its_row_and_makes_no_other(
    browser: Browser, console: Server, model: ReadModel, items: tuple[str, str]
) -> None:
    with model.read() as connection:
        early = select(assignments.c.assignment_id).where(assignments.c.state.in_(("proposed", "confirmed")))
        old = connection.execute(early.order_by(assignments.c.proposed_at).limit(1)).scalar_one()
    with visiting(browser, console.url) as page:
        ready(page)
        expect(page.locator(row(page, old))).to_have_count(0)
        made = console.match(item=items[0], community=HERE)
        fulfilled = page.locator("[data-test=live_assignments] .note")
        expect(page.locator(row(page, made))).to_be_visible()
        before = fulfilled.inner_text()
        console.done(old)
        console.done(made)
        expect(page.locator(row(page, made)).locator(".st")).to_have_text("已完成")
        expect(fulfilled).not_to_have_text(before)
        expect(page.locator(row(page, old))).to_have_count(0)
        expect(page.locator("tbody .waited", has_text="–")).to_have_count(0)


def test_the_why_adds_up_and_names_both_sides_and_the_proof(
    browser: Browser, console: Server, items: tuple[str, str]
) -> None:
    made = console.match(item=items[0], community=HERE)
    with visiting(browser, console.url) as page:
        page.locator(row(page, made)).click()
        why = page.locator("[data-test=why-assignment]")
        expect(why).to_be_visible()
        parts = [
            int(part.get_attribute("data-points") or "") for part in why.locator("[data-term] [data-points]").all()
        ]
        value = int(why.locator("[data-test=why-value]").get_attribute("data-points") or "")
        shown = int(page.locator(row(page, made)).locator(".value").inner_text().replace(",", ""))
        assert len(parts) >= 2
        assert sum(parts) == value == shown
        prices = [
            int(why.locator(f"[data-test=price-{side}]").inner_text().replace(",", "")) for side in ("line", "resource")
        ]
        assert sum(prices) == value
        expect(why.locator(".pair")).to_contain_text("华阳路街道 华一居委会")
        expect(why.locator("[data-test=round]")).to_contain_text("已证明最优")
        expect(why.locator(".history li").first).to_contain_text("提出匹配")
        hrefs = [link.get_attribute("href") or "" for link in why.locator(".links a").all()]
        assert f"/v1/assignments/{made}/why" in hrefs
        assert any(href.startswith("/v1/rounds/310105/") for href in hrefs)


def test_a_link_to_a_why_opens_it(browser: Browser, console: Server, items: tuple[str, str]) -> None:
    made = console.match(item=items[1], community=HERE)
    with visiting(browser, f"{console.url}console/?assignment={made}&lang=en") as page:
        expect(page.locator("[data-test=why-assignment]")).to_contain_text("Proved optimal")
    with visiting(browser, f"{console.url}console/?assignment=none-such&lang=en") as page:
        expect(page.locator("dialog")).to_contain_text("There is no such entry")


def test_the_keyboard_alone_is_enough(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url) as page:
        ready(page)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="跳到实时匹配")).to_be_focused()
        page.keyboard.press("Enter")
        for _ in range(4):  # category, search, pause, first row
            page.keyboard.press("Tab")
        rows = page.locator("tbody [data-row]")
        expect(rows.first).to_be_focused()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(rows.nth(2)).to_be_focused()
        first = rows.nth(2).inner_text()
        page.keyboard.press("Enter")
        expect(page.locator("dialog h3")).to_have_text(first)
        page.keyboard.press("ArrowRight")
        expect(page.locator("tbody tr").nth(3)).to_contain_class("picked")
        expect(page.locator("[data-test=why-value]")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        expect(rows.nth(3)).to_be_focused()
        page.keyboard.press("/")
        expect(page.locator("[data-test=search]")).to_be_focused()


def test_text_and_category_filter_what_comes_too(
    browser: Browser, console: Server, catalogue: Catalogue, items: tuple[str, str]
) -> None:
    wanted, other = items
    category = catalogue.items[wanted].category_id
    with visiting(browser, console.url) as page:
        ready(page)
        page.locator("[data-test=category]").select_option(category)
        expect(page.locator("tbody .what small").filter(has_not_text=catalogue.categories[category].zh)).to_have_count(
            0
        )
        hidden = console.match(item=other, community=HERE)
        shown = console.match(item=wanted, community=HERE)
        expect(page.locator(row(page, shown))).to_be_visible()
        expect(page.locator(row(page, hidden))).to_have_count(0)
        page.locator("[data-test=category]").select_option("")
        expect(page.locator(row(page, hidden))).to_be_visible()
        page.locator("[data-test=search]").fill("华一居委会")
        expect(page.locator("tbody .who").filter(has_not_text="华一居委会")).to_have_count(0)
        expect(page.locator(row(page, shown))).to_be_visible()
        page.locator("[data-test=search]").fill("no such thing")
        page.get_by_role("button", name="清除筛选").click()
        ready(page)


def test_a_region_narrows_what_comes(browser: Browser, console: Server, items: tuple[str, str]) -> None:
    with visiting(browser, f"{console.url}console/?region=310105001") as page:
        ready(page)
        far = console.match(item=items[0], community=ELSEWHERE)
        near = console.match(item=items[0], community=HERE)
        expect(page.locator(row(page, near))).to_be_visible()
        expect(page.locator(row(page, far))).to_have_count(0)


def test_pause_holds_the_list_and_counts_what_waits(browser: Browser, console: Server, items: tuple[str, str]) -> None:
    with visiting(browser, console.url) as page:
        ready(page)
        page.keyboard.press("p")
        expect(page.get_by_role("status")).to_have_text("已暂停")
        made = console.match(item=items[0], community=HERE)
        expect(page.get_by_role("status")).to_contain_text("条新匹配")
        expect(page.locator(row(page, made))).to_have_count(0)
        page.get_by_role("button", name="继续").click()
        expect(page.locator(row(page, made))).to_be_visible()


def test_the_longest_waiting_says_why_not(browser: Browser, console: Server) -> None:
    with visiting(browser, console.url) as page:
        waits = page.locator(".wish")
        expect(waits.first).to_be_visible()
        demand = waits.first.get_attribute("data-demand") or ""
        told = httpx.get(f"{console.url}seed/why/{demand}").raise_for_status().json()
        waits.first.click()
        why = page.locator("[data-test=why-demand]")
        expect(why).to_be_visible()
        for line in told["lines"]:
            for rule, count in line["failing"].items():
                expect(why.locator(f"[data-rule={rule}] .n")).to_have_text(str(count))
        assert any(line["failing"] for line in told["lines"])
        page.keyboard.press("Escape")
        expect(why).to_have_count(0)


def test_a_screen_reader_finds_its_way(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}console/?lang=en") as page:
        ready(page)
        expect(page.get_by_role("heading", level=1, name="Overview of 长宁区")).to_be_attached()
        expect(page.get_by_role("table", name="Live matches, newest first")).to_be_visible()
        expect(page.get_by_role("columnheader", name="Waited")).to_be_visible()
        expect(page.get_by_role("rowheader").first).to_be_visible()
        expect(page.get_by_role("region", name="Key figures")).to_be_visible()
        expect(page.get_by_role("img", name="matches in 30 min")).to_be_visible()
        expect(page.get_by_role("button", name="filled,").first).to_be_visible()
        page.locator("tbody [data-row]").first.click()
        expect(page.get_by_role("dialog", name="Why this match")).to_be_visible()
        expect(page.get_by_role("button", name="Close")).to_be_visible()


def test_without_the_server_it_says_so_and_recovers_by_itself(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, items: tuple[str, str]
) -> None:
    server = Server(tmp_path_factory.mktemp("away"))
    server.start()
    try:
        address = f"{server.url}console/?region=310105001&lang=en"
        with visiting(browser, address, may_complain=True) as page:
            ready(page)
            server.stop()
            expect(page.locator("[data-test=lost]")).to_contain_text("Connection lost, trying again", timeout=20_000)
            expect(page.locator("tbody tr").first).to_be_visible()
            server.start()
            expect(page.locator("[data-test=lost]")).to_have_count(0, timeout=30_000)
            expect(page.locator(".crumb.here")).to_have_text("华阳路街道")
            made = server.match(item=items[0], community=HERE)
            expect(page.locator(row(page, made))).to_be_visible()
    finally:
        server.stop()
