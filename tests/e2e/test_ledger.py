"""The ledger: figures down to a grid, the way from what is overdue to its list, reports, files and imports."""

import csv
import io
import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

COMMUNITY = "310105002001"
OFFICE = "office:310105002000"
LEDGER = "console/?page=ledger&region=310105002"

pytestmark = pytest.mark.browser


def _open(console: Server) -> None:
    """Give a community a grid, and a task that should have been done long ago."""
    grid = {"by": f"community:{COMMUNITY}", "community": COMMUNITY, "grid": "G07", "title": "东七"}
    task = {"by": OFFICE, "community": COMMUNITY, "title": "补录台账", "assignee": f"community:{COMMUNITY}"}
    for path, body in (("grids", grid), ("tasks", task | {"due": "2026-01-05T00:00:00Z"})):
        httpx.post(f"{console.url}v1/{path}", json=body).raise_for_status()


def test_a_street_is_followed_down_to_a_grid_and_what_is_overdue_to_its_list(browser: Browser, console: Server) -> None:
    _open(console)
    with visiting(browser, f"{console.url}{LEDGER}&lang=en") as page:
        ledger = page.locator("[data-test=ledger]")
        own = ledger.locator("tr.own")
        expect(own).to_contain_text("江苏路街道")
        sums = httpx.get(f"{console.url}v1/rollup?region=310105002").json()["own"]["sums"]
        expect(own.locator("[data-label=Resources]")).to_have_text(str(sums["resources"]))
        expect(own.locator("[data-label=Overdue]")).to_have_text("1")

        ledger.locator(f"[data-region='{COMMUNITY}'] button").press("Enter")
        expect(ledger).to_have_attribute("data-place", COMMUNITY)
        ledger.locator(f"[data-region='{COMMUNITY}-G07'] button").press("Enter")
        expect(ledger.locator("tr.own")).to_contain_text("东七")
        sheet = ledger.locator("a[download]").first
        assert f"region={COMMUNITY}-G07" in str(sheet.get_attribute("href"))
        ledger.locator("[data-test=up]").click()
        expect(ledger).to_have_attribute("data-place", COMMUNITY)

        ledger.locator("[data-late=task]").press("Enter")
        expect(page.locator("[data-test=affairs]")).to_contain_text("补录台账")
        badge = page.locator("[data-kind=task]")
        expect(badge).to_contain_text("1 1 overdue")

        page.set_viewport_size(PHONE)
        page.locator("[data-test=page-ledger]").click()
        expect(ledger.locator("tr.own")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_reports_drafts_and_lists_are_taken_along(browser: Browser, console: Server) -> None:
    units = httpx.get(f"{console.url}v1/units?region=310105").json()["rows"]
    with visiting(browser, f"{console.url}console/?page=ledger&region=310105", may_complain=True) as page:
        page.locator("[data-test=cycle]").select_option("year")
        with page.expect_download() as report:
            page.locator("[data-test=report]").click()
        year = page.locator("[data-test=period]").input_value()
        assert report.value.suggested_filename == f"310105-{year}.md"
        assert report.value.path().read_text(encoding="utf-8").startswith("# 长宁区")

        with page.expect_download() as resources:
            page.get_by_role("link", name="导出资源清单（CSV）").click()
        assert len(resources.value.path().read_text(encoding="utf-8-sig").splitlines()) > 400

        who = page.locator("[data-test=draft] input")
        who.fill("m-nobody-here")
        who.press("Enter")
        expect(page.locator("[data-test=draft-problem]")).to_have_text("没有找到。")
        who.fill(units[0]["party"])
        who.press("Enter")
        text = page.locator("[data-test=draft-text]")
        expect(text).to_have_value(re.compile(units[0]["unit"]["name"]))
        text.fill("我们补充：另有义诊两次。")
        with page.expect_download() as draft:
            page.get_by_role("link", name="下载草稿").click()
        assert draft.value.path().read_text(encoding="utf-8") == "我们补充：另有义诊两次。"


def _sheet(console: Server) -> bytes:
    """Three demands on the template's columns; the catalogue lacks the second one's item."""
    template = httpx.get(f"{console.url}v1/imports/templates/demands.csv").content.decode("utf-8-sig")
    [example] = csv.DictReader(io.StringIO(template))
    text = io.StringIO()
    rows = csv.DictWriter(text, example)
    rows.writeheader()
    for title, item in (("早操", example["服务项目"]), ("晚操", "太空漫步"), ("午操", example["服务项目"])):
        rows.writerow(example | {"编号": "", "标题": title, "服务项目": item})
    return text.getvalue().encode("utf-8-sig")


def test_a_list_is_tried_first_then_imported_then_undone_by_keyboard(browser: Browser, console: Server) -> None:
    sheet = {"name": "需求.csv", "mimeType": "text/csv", "buffer": _sheet(console)}
    with visiting(browser, f"{console.url}console/?page=ledger&lang=en", viewport=PHONE) as page:
        page.locator("[name=file]").set_input_files(sheet)
        page.locator("[data-test=try]").press("Enter")
        report = page.locator("[data-test=import-report]")
        expect(report).to_contain_text("nothing written")
        expect(report).to_be_focused()
        expect(report.locator("[data-row='3']")).to_contain_text("太空漫步")
        expect(page.locator("[data-test=past]")).to_contain_text("Nothing was imported yet.")
        page.locator("[data-test=import]").press("Enter")
        expect(report).to_have_attribute("data-tried", "false")
        expect(report.locator("[data-count=posted]")).to_have_text("2 posted")
        expect(page.locator("[data-test=import]")).to_have_count(0)

        undo = page.locator("[data-test=undo]")
        undo.press("Enter")
        expect(undo).to_have_text("Yes, undo 2 rows")
        undo.press("Enter")
        expect(page.locator("[data-import]")).to_contain_text("2 undone")
        expect(undo).to_have_count(0)
        [past] = httpx.get(f"{console.url}v1/imports").json()["rows"]
        assert (past["posted"], past["undone"], past["refused"]) == (2, 2, 1)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_file_that_is_no_list_is_refused_in_words(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}console/?page=ledger&lang=en", may_complain=True) as page:
        page.locator("[name=file]").set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
        page.locator("[data-test=try]").click()
        expect(page.locator("[data-test=import-problem]")).to_contain_text("column")
        expect(page.locator("[data-test=import]")).to_have_count(0)
