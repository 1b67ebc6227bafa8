"""Writers of documents: whatever texts a record may hold come out, and equal documents are equal bytes."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import docx
import pytest
from pypdf import PdfReader

from api.documents.docx import write_docx
from api.documents.model import Block, Document, Heading, Paragraph, Signatures, Table
from api.documents.pdf import write_pdf

Write = Callable[[Document], bytes]
TEXTS = {
    "control": "\x01\x08\x1f",
    "no character": "\ufffe\ud800",
    "markup": "<b>&amp;</b>",
    "rare": "𠀀😀",
    "lines": "a\nb",
    "long": "长" * 2_000,
    "one word": "x" * 2_000,
}
WRITERS = pytest.mark.parametrize("write", [write_docx, write_pdf])


def document(*blocks: Block, title: str = "长者午餐桌") -> Document:
    return Document(
        title=title, subtitle="服务项目书", foot="由记录生成", as_of=datetime(2026, 11, 21, tzinfo=UTC), blocks=blocks
    )


@WRITERS
def test_equal_documents_are_equal_bytes(write: Write) -> None:
    made = document(
        Heading("一、节点"), Table(("甲", "乙"), (("1", "2"),), (1, 2)), Signatures((("社区", ""),), "签字：")
    )
    assert write(made) == write(made) != write(document())


@WRITERS
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_of_a_record_can_be_written(write: Write, text: str) -> None:
    table = Table(("序号", "说明"), (("1", text), (text, "2")), (1, 2))
    made = document(Heading(text), Paragraph(text), table, Signatures(((text, text),), "签字："), title=text[:120])
    assert len(write(made)) > 1_000


def test_markup_is_shown_as_it_was_typed() -> None:
    made = document(Paragraph("<b>A&B</b>"))
    assert "<b>A&B</b>" in PdfReader(io.BytesIO(write_pdf(made))).pages[0].extract_text()
    assert "<b>A&B</b>" in [each.text for each in docx.Document(io.BytesIO(write_docx(made))).paragraphs]


def test_every_page_bears_the_foot_and_long_tables_their_head() -> None:
    rows = tuple((str(number), "工作日午间开放餐厅") for number in range(1, 121))
    pages = PdfReader(io.BytesIO(write_pdf(document(Table(("序号", "承诺事项"), rows, (1, 5)))))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert f"由记录生成 · {number}" in text
        assert "承诺事项" in text


def test_a_file_does_not_tell_when_it_was_asked_for() -> None:
    word = docx.Document(io.BytesIO(write_docx(document())))
    assert word.core_properties.created == word.core_properties.modified
    assert word.core_properties.created.replace(tzinfo=UTC) == datetime(2026, 11, 21, tzinfo=UTC)
    assert word.core_properties.title == "长者午餐桌"
