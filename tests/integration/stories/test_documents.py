"""What was agreed and planned goes onto paper: read back from the files as people would read them."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader

from schemas.lives.evaluation import digest_of
from tests.apiworld import COMMUNITY, World, demand, resource, world_in
from tests.integration.stories.test_project import CENTRE, HALL, MEMBER, accepted, agreed, running
from tests.stories.house import House

USCC = CENTRE.removeprefix("unit:")
PLAN = {
    "detail": "为独居老人提供工作日午餐。",
    "milestones": [
        {"title": "开桌", "due": "2026-12-01T00:00:00+08:00"},
        {"title": "满月", "due": "2026-12-31T00:00:00+08:00"},
    ],
    "starts_at": "2026-12-01T00:00:00+08:00",
    "ends_at": "2027-01-31T00:00:00+08:00",
    "expected_beneficiaries": 30,
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as running:
        yield running


@pytest.fixture
def house(world: World) -> House:
    return House(world.client)


def text_of_pdf(file: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)


def text_of_docx(file: bytes) -> str:
    word = docx.Document(io.BytesIO(file))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    [section] = word.sections
    return "\n".join([*(each.text for each in word.paragraphs), *cells, section.footer.paragraphs[0].text])


async def both(house: House, path: str, query: str = "") -> list[str]:
    """Return the text of a document as PDF and as DOCX, with the spaces that line breaks put between words gone."""
    pdf, word = await house.download(f"{path}.pdf{query}"), await house.download(f"{path}.docx{query}")
    return ["".join(text.split()) for text in (text_of_pdf(pdf), text_of_docx(word))]


async def lunch_table(world: World, house: House) -> str:
    """Bring a project to where work began, with a unit by its name, a budget, a post and a demand and a resource."""
    await world.post("/v1/units", {"uscc": USCC, "name": "虹桥养老服务中心", "community": COMMUNITY})
    asked = (await house.post("/v1/demands", demand(title="老人午餐无处解决")))["id"]
    fund = resource(title="街道党建资金", kind="fund", renewable=False)
    fund_id = (await house.post("/v1/resources", fund))["id"]
    line = {"title": "餐具", "amount": 300_000, "fund": fund_id, "earmark": "只用于助餐"}
    return await running(house, demands=[asked], resources=[fund_id], budget=[line], **PLAN)


async def test_the_service_book_holds_what_the_record_holds(world: World, house: House) -> None:
    at = await lunch_table(world, house)
    await house.post(f"{at}:reach", {"by": CENTRE, "milestone": 1, "reached_at": "2026-11-20T09:00:00+08:00"})
    await house.post(f"{at}:spend", {"by": CENTRE, "line": 1, "amount": 120_050, "purpose": "餐具六十套"})
    for text in await both(house, f"{at}/service-book"):
        for told in (
            "长者午餐桌",
            "服务项目书",
            "310105001-001-2026-0001",
            "虹桥养老服务中心",
            "为独居老人提供工作日午餐。",
        ):
            assert told in text
        for told in (
            "老人午餐无处解决",
            "街道党建资金",
            "只用于助餐",
            "3,000.00",
            "1,200.50",
            "1,799.50",
            "2026-11-20",
        ):
            assert told in text
        for told in ("送餐", MEMBER, "联席会议", "签字（盖章）", f"由project:{at.rpartition('/')[2]}的记录生成"):
            assert told in text, told


async def test_the_service_book_tells_evaluations_once_all_are_in(world: World, house: House) -> None:
    at = await lunch_table(world, house)
    for milestone in (1, 2):
        await house.post(
            f"{at}:reach", {"by": CENTRE, "milestone": milestone, "reached_at": "2026-11-20T09:00:00+08:00"}
        )
    await house.post(f"{at}:deliver", {"by": CENTRE, "outcome": "开桌四十天", "actual_beneficiaries": 41})
    await house.post(f"{at}:accept", {"by": HALL, "opinion": "老人们满意"})
    await house.post(f"{at}:evaluate", {"by": HALL, "score": 3, "text": "送餐偶有迟到"})
    for text in await both(house, f"{at}/service-book"):
        assert "双向评价" not in text, "one side is under seal"
        assert "迟到" not in text
        assert "八、签署" in text
    await house.post(f"{at}:evaluate", {"by": CENTRE, "score": 4})
    for text in await both(house, f"{at}/service-book"):
        for told in ("八、双向评价", "3送餐偶有迟到", "虹桥养老服务中心4—", "九、签署"):
            assert told in text, told
    for text in await both(house, f"{at}/service-book", "?lang=en"):
        for told in ("8.Whattheysayofeachother", "送餐偶有迟到", "9.Signatures"):
            assert told in text, told
    before = (await house.get(at))["life"]["step"] - 2
    assert not any("双向评价" in text for text in await both(house, f"{at}/service-book", f"?step={before}"))


async def test_what_a_party_never_shows_is_not_in_the_service_book(house: House) -> None:
    at = await accepted(house)
    kind = {"project": at.rpartition("/")[2], "salt": "0123456789abcdef" * 4}
    for party, score in ((HALL, 2), (CENTRE, 4)):
        digest = digest_of(party=party, score=score, text="", **kind)
        await house.post(f"{at}:seal", {"by": party, "digest": digest})
    await house.post(f"{at}:reveal", {"by": HALL, "party": HALL, "score": 2, "salt": kind["salt"]})
    for text in await both(house, f"{at}/service-book"):
        assert f"{CENTRE}—尚未公开" in text


async def test_an_agreement_tells_clauses_and_signatures_in_either_language(world: World, house: House) -> None:
    await world.post("/v1/units", {"uscc": USCC, "name": "虹桥养老服务中心", "community": COMMUNITY})
    at = f"/v1/agreements/{await agreed(house, HALL, CENTRE, title='长者午餐桌共建协议')}"
    for text in await both(house, f"{at}/document"):
        for told in ("长者午餐桌共建协议", "一、共建事项", "开放餐厅", "2027-01-31", "2026-11-21已在线签署", "生效"):
            assert told in text, told
    for text in await both(house, f"{at}/document", "?lang=en"):
        for told in ("1.Whatisagreed", "开放餐厅", "signedonlineon2026-11-21", "inforce"):
            assert told in text, told


async def test_each_step_has_its_own_version_and_its_bytes_stay(world: World, house: House) -> None:
    at = f"/v1/agreements/{await agreed(house, HALL, CENTRE)}"
    for form in ("pdf", "docx"):
        draft, signed = [await house.download(f"{at}/document.{form}?step={step}") for step in (1, 3)]
        assert draft != signed
        assert signed == await house.download(f"{at}/document.{form}")
    world.clock.pass_(days=3)
    await house.post(f"{at}:fulfil", {"by": CENTRE, "clause": 1, "quantity": 1, "note": "首次开放"})
    assert signed == await house.download(f"{at}/document.docx?step=3"), "what came later does not change it"
    now, before = await both(house, f"{at}/document"), await both(house, f"{at}/document", "?step=3")
    assert all("首次开放" in text for text in now)
    assert not any("首次开放" in text for text in before)
    for text in await both(house, f"{at}/document", "?step=1"):
        assert "已在线签署" not in text


async def test_what_is_no_document_is_not_found(world: World, house: House) -> None:
    at = f"/v1/agreements/{await agreed(house, HALL, CENTRE)}"
    for path in (
        f"{at}/document.pdf?step=9",
        "/v1/agreements/a-none/document.pdf",
        "/v1/projects/p-none/service-book.docx",
    ):
        answer = await world.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = await world.get(f"{at}/document.odt")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")


async def test_a_file_says_what_it_is(world: World, house: House) -> None:
    at = f"/v1/agreements/{await agreed(house, HALL, CENTRE)}"
    answer = await world.get(f"{at}/document.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{at.rpartition("/")[2]}.pdf"'
    assert answer.content.startswith(b"%PDF")
