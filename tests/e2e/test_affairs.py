"""Affairs on the page: a life begun, moved on by its form, refused in words, and read again by its address."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import PHONE, visiting
from tests.e2e.server import Server

HERE = "310105001001"
OFFICE = "office:310105001000"
UNIT = "unit:52310105MJ47000120"
AFFAIRS = "console/?page=affairs&kind=task"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_task_is_given_and_moved_on_by_keyboard_and_forms(browser: Browser, console: Server) -> None:
    with visiting(browser, f"{console.url}{AFFAIRS}&lang=en", may_complain=True) as page:  # a step is refused
        page.locator("[data-begin=open]").focus()
        page.keyboard.press("Enter")
        form = page.locator("[data-test=step-form]")
        for name, said in {"community": HERE, "by": OFFICE, "title": "清理消防通道", "assignee": UNIT}.items():
            form.locator(f"[name={name}]").fill(said)
        form.locator("[name=list]").select_option("rectification")
        form.locator("[data-test=step-send]").click()
        life = page.locator("[data-test=life]")
        expect(life).to_have_attribute("data-state", "open")
        expect(life).to_contain_text("rectification")
        life_id = page.url.split("life=task%2F")[1].split("&")[0]

        page.locator("[data-move=start]").click()
        form.locator("[name=by]").fill("nobody")
        form.locator("[data-test=step-send]").click()
        expect(page.locator("[data-test=step-problem]")).to_contain_text("by")
        form.locator("[name=by]").fill(UNIT)
        form.locator("[data-test=step-send]").click()
        expect(life).to_have_attribute("data-state", "under_way")
        expect(page.locator("[data-test=steps] li")).to_have_count(2)
        assert httpx.get(f"{console.url}v1/tasks/{life_id}").json()["life"]["state"] == "under_way"

        page.keyboard.press("Escape")
        expect(page.locator(f"[data-life='{life_id}']")).to_contain_text("under way")
        page.locator(".sieve [data-state=under_way]").click()
        expect(page.locator(".affairs tbody tr")).to_have_count(1)
        expect(page.locator(".sieve [data-state=under_way]")).to_have_attribute("aria-pressed", "true")


def test_it_fits_a_phone_and_a_life_has_an_address(browser: Browser, console: Server) -> None:
    body = {"title": "走访独居老人", "assignee": UNIT, "community": HERE, "by": OFFICE}
    life_id = httpx.post(f"{console.url}v1/tasks", json=body).raise_for_status().json()["id"]
    with visiting(browser, f"{console.url}{AFFAIRS}&life=task/{life_id}", viewport=PHONE) as page:
        expect(page.locator("[data-test=life]")).to_contain_text("走访独居老人")
        expect(page.locator("[data-move=report]")).to_have_text("反馈")
        assert page.locator("dialog").evaluate("it => it.scrollWidth") <= PHONE["width"]
        page.keyboard.press("Escape")
        expect(page.locator(f"[data-life='{life_id}']")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_twins_are_shown_and_merged_and_the_service_is_found_by_the_title(browser: Browser, console: Server) -> None:
    staff = {"by": f"community:{HERE}", "channel": "telephone", "community": HERE}
    for name, title in (("n-first", "33号楼厨房下水堵了，来通一下"), ("n-again", "三十三号楼厨房下水堵住了，急")):
        httpx.post(f"{console.url}v1/needs", json=staff | {"id": name, "title": title}).raise_for_status()
    with visiting(browser, f"{console.url}console/?page=affairs&kind=demand&life=demand/n-again&lang=en") as page:
        twin = page.locator("[data-twin=n-first]")
        expect(twin).to_contain_text("Similar words, the same door, the same community.")
        twin.locator("[data-test=merge]").click()
        form = page.locator("[data-test=step-form]")
        expect(form.locator("[name=into]")).to_have_value("n-first")
        form.locator("[name=by]").fill(staff["by"])
        form.locator("[data-test=step-send]").click()
        expect(page.locator("[data-test=life]")).to_have_attribute("data-state", "merged")
        expect(page.locator("[data-test=twins]")).to_have_count(0)
        page.keyboard.press("Escape")

        page.locator("[data-begin=collect]").click()
        form.locator("[name=title]").fill("奶奶头发长了，想剪头发")
        with page.expect_response(lambda answer: "/v1/needs?" in answer.url):  # the list behind is asked again
            pass
        expect(form.locator("[name=title]")).to_have_value("奶奶头发长了，想剪头发")
        page.locator("[data-suggest='elder_care.hair_cut']").click()
        expect(form.locator("[name=item]")).to_have_value("elder_care.hair_cut")
        expect(form.locator("[name=siblings]")).to_be_checked()
        page.keyboard.press("Escape")

        page.locator("[data-test=post]").click()
        page.locator("[data-test=post-title]").fill("33号楼厨房下水堵了")
        page.locator("[data-suggest='home_repair.plumbing']").click()
        for depth, code in enumerate((HERE[:9], HERE)):
            page.locator("[data-test=post-place]").nth(depth).select_option(code)
        expect(page.locator("[data-test=twins] [data-twin=n-first]")).to_be_visible()


def test_a_project_and_an_agreement_lead_to_their_documents(browser: Browser, console: Server) -> None:
    us = {"by": f"community:{HERE}", "community": HERE}
    agreement = {
        "signatories": [us["by"], UNIT],
        "valid_from": "2027-01-01T00:00:00Z",
        "valid_to": "2028-01-01T00:00:00Z",
    }
    for kind, said in (("project", {"lead": us["by"]}), ("agreement", agreement)):
        body = us | said | {"title": "银龄课堂"}
        life_id = httpx.post(f"{console.url}v1/{kind}s", json=body).raise_for_status().json()["id"]
        with visiting(browser, f"{console.url}console/?lang=en&life={kind}/{life_id}") as page:
            links = page.locator("[data-test=printed] a")
            expect(links).to_have_text(["DOCX", "PDF"])
            with page.expect_download() as download:
                links.nth(1).click()
            assert download.value.path().read_bytes().startswith(b"%PDF")


def test_parties_are_suggested_by_name_and_who_acted_last_acts_again(browser: Browser, console: Server) -> None:
    unit = httpx.get(f"{console.url}v1/units?region=310105").json()["rows"][0]
    with visiting(browser, f"{console.url}{AFFAIRS}&region={HERE}&lang=zh") as page:
        form = page.locator("[data-test=step-form]")
        page.locator("[data-begin=open]").click()
        offered = page.locator(f"#{form.locator('[name=assignee]').get_attribute('list')} option")
        expect(offered.filter(has_text=unit["unit"]["name"]).first).to_have_attribute("value", re.compile("unit:"))
        acting = page.locator(f"#{form.locator('[name=by]').get_attribute('list')}")
        expect(acting.locator(f"[value='{OFFICE}']")).to_have_text("华阳路街道")
        expect(acting.locator("[value^='unit:']")).to_have_count(0)  # units give no tasks

        for name, said in {"by": OFFICE, "title": "核对名册", "assignee": unit["party"]}.items():
            form.locator(f"[name={name}]").fill(said)
        form.locator("[data-test=step-send]").click()
        expect(page.locator("[data-test=life]")).to_have_attribute("data-state", "open")
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        page.reload()
        page.locator("[data-begin=open]").click()
        expect(form.locator("[name=by]")).to_have_value(OFFICE)
