"""Evaluating on the page: score and words, never a digest; what was said is shown once both sides are in."""

import asyncio

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import visiting
from tests.e2e.server import Server
from tests.integration.stories.projects import CENTRE, HALL, accepted
from tests.stories.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def project(console: Server) -> str:
    """A project that was accepted; its address below ``v1``. Told before Playwright takes the loop."""

    async def told() -> str:
        async with httpx.AsyncClient(base_url=console.url.rstrip("/")) as http:
            return await accepted(House(http))

    return asyncio.run(told())


def test_a_person_evaluates_by_score_and_words_and_reads_both_sides_later(
    project: str, browser: Browser, console: Server
) -> None:
    address = f"console/?page=affairs&kind=project&life=project/{project.rpartition('/')[2]}&lang=en"
    with visiting(browser, f"{console.url}{address}") as page:
        life, form = page.locator("[data-test=life]"), page.locator("[data-test=step-form]")
        page.locator("[data-move=evaluate]").click()
        expect(page.locator("[data-move=seal], [data-move=reveal]")).to_have_count(0)
        expect(form).to_contain_text("Kept under seal")
        assert form.locator("[name]").evaluate_all("all => all.map((it) => it.name)") == ["by", "score", "text"]
        form.locator("[name=by]").fill(HALL)
        form.locator("[name=score]").fill("4")
        form.locator("[name=text]").fill("送餐准时")
        form.locator("[data-test=step-send]").click()
        expect(page.locator("[data-test=steps] li").first).to_contain_text(HALL)
        expect(life).to_contain_text("Sealed")
        expect(life).not_to_contain_text("送餐准时")
        expect(life).not_to_contain_text("Digest")

        said = {"by": CENTRE, "score": 5, "text": "配合默契"}
        httpx.post(f"{console.url.rstrip('/')}{project}:evaluate", json=said).raise_for_status()
        page.reload()
        expect(life).to_have_attribute("data-state", "evaluated")
        expect(life).to_contain_text("送餐准时")
        expect(life).to_contain_text("配合默契")
        expect(life).not_to_contain_text("Salt")
