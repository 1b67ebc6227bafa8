"""A document as DOCX, by python-docx. Equal documents give equal bytes."""

import io
from collections.abc import Sequence
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table as WordTable
from docx.table import _Cell

from api.documents.model import Block, Document, Heading, Paragraph, Signatures, Table, printable

_LATIN, _CHINESE = "Times New Roman", "宋体"
_WIDTH = Cm(16)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can bear: of its parts we do not say when they were written."""


def write_docx(document: Document) -> bytes:
    """Return the document as a file."""
    word = docx.Document()
    _set_up(word, document)
    heading = word.add_heading(printable(document.title), level=0)
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    word.add_paragraph(printable(document.subtitle)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in document.blocks:
        _add(word, block)
    file = io.BytesIO()
    word.save(file)
    return _undated(file)


def _set_up(word: docx.document.Document, document: Document) -> None:
    for style in word.styles:
        if (found := style.element.find(qn("w:rPr"))) is not None and style.type == 1:
            found.get_or_add_rFonts().set(qn("w:eastAsia"), _CHINESE)
            found.rFonts.set(qn("w:ascii"), _LATIN)
            found.rFonts.set(qn("w:hAnsi"), _LATIN)
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = _LATIN, Pt(10.5)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _CHINESE)
    [section] = word.sections
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    foot = section.footer.paragraphs[0]
    foot.text, foot.alignment = document.foot, WD_ALIGN_PARAGRAPH.CENTER
    foot.runs[0].font.size = Pt(8)
    told = word.core_properties
    moment = document.as_of.replace(tzinfo=None, microsecond=0)
    told.title, told.author = printable(document.title), "Cobuild 共建"
    told.comments = told.last_modified_by = ""
    told.created = told.modified = moment


def _add(word: docx.document.Document, block: Block) -> None:
    match block:
        case Heading(text=text):
            word.add_heading(printable(text), level=2)
        case Paragraph(text=text):
            word.add_paragraph(printable(text))
        case Table():
            _add_table(word, block)
        case Signatures():
            _add_signatures(word, block)


def _add_table(word: docx.document.Document, table: Table) -> None:
    rows = [*([table.head] if table.head else []), *table.rows]
    made = word.add_table(rows=len(rows), cols=len(table.widths), style="Table Grid")
    for number, row in enumerate(rows):
        for place, (cell, text) in enumerate(zip(made.rows[number].cells, row, strict=True)):
            _write(cell, text, bold=number == 0 if table.head else place == 0)
    _share(made, table.widths)
    word.add_paragraph()


def _add_signatures(word: docx.document.Document, signatures: Signatures) -> None:
    made = word.add_table(rows=len(signatures.lines), cols=2)
    for row, (party, told) in zip(made.rows, signatures.lines, strict=True):
        _write(row.cells[0], f"{party}\n{told}" if told else party, bold=False)
        _write(row.cells[1], f"\n{signatures.sign_here}\n", bold=False)
    _share(made, (3, 4))


def _write(cell: _Cell, text: str, *, bold: bool) -> None:
    [paragraph] = cell.paragraphs
    paragraph.add_run(printable(text)).bold = bold


def _share(table: WordTable, widths: Sequence[int]) -> None:
    """Give each column its share; Word goes by the cells."""
    table.autofit = False
    for place, share in enumerate(widths):
        for cell in table.columns[place].cells:
            cell.width = int(_WIDTH * share / sum(widths))


def _undated(file: io.BytesIO) -> bytes:
    """Return the archive without the time at which its parts were written."""
    plain = io.BytesIO()
    with ZipFile(file) as parts, ZipFile(plain, "w", ZIP_DEFLATED) as again:
        for name in parts.namelist():
            info = ZipInfo(name, _LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            again.writestr(info, parts.read(name))
    return plain.getvalue()
