"""A document as PDF, by ReportLab, in a Chinese face that readers have or replace. Equal documents give equal bytes."""

import io
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate, Spacer
from reportlab.platypus import Paragraph as Lines
from reportlab.platypus import Table as Grid

from api.documents.model import Block, Document, Heading, Paragraph, Signatures, Table, printable

_FACE: Final = "STSong-Light"
_WIDTH: Final = A4[0] - 5 * cm
_PLAIN: Final = ParagraphStyle("plain", fontName=_FACE, fontSize=10.5, leading=16, wordWrap="CJK")
_CELL: Final = ParagraphStyle("cell", _PLAIN, fontSize=9, leading=13)
_TITLE: Final = ParagraphStyle("title", _PLAIN, fontSize=18, leading=28, alignment=1)
_CENTRED: Final = ParagraphStyle("centred", _PLAIN, alignment=1, spaceAfter=12)
_HEADING: Final = ParagraphStyle("heading", _PLAIN, fontSize=13, leading=20, spaceBefore=10, spaceAfter=4)
_LINED: Final = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), "TOP")]


def write_pdf(document: Document) -> bytes:
    """Return the document as a file."""
    registerFont(UnicodeCIDFont(_FACE))
    file = io.BytesIO()
    template = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=2.5 * cm,
        rightMargin=2.5 * cm,
        topMargin=2.2 * cm,
        bottomMargin=2.2 * cm,
        title=printable(document.title),
        author="Cobuild 共建",
        invariant=1,
    )

    def foot(canvas: Canvas, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(_FACE, 8)
        canvas.drawCentredString(A4[0] / 2, 1.2 * cm, f"{document.foot} · {page.page}")
        canvas.restoreState()

    body = [_lines(document.title, _TITLE), _lines(document.subtitle, _CENTRED)]
    template.build([*body, *(part for block in document.blocks for part in _parts(block))], foot, foot)
    return file.getvalue()


def _parts(block: Block) -> list[Flowable]:
    match block:
        case Heading(text=text):
            return [_lines(text, _HEADING)]
        case Paragraph(text=text):
            return [_lines(text, _PLAIN)]
        case Table():
            return [_grid(block), Spacer(1, 6)]
        case Signatures():
            return [_signatures(block)]


def _grid(table: Table) -> Grid:
    rows = [*([table.head] if table.head else []), *table.rows]
    shading = ((0, 0), (-1, 0)) if table.head else ((0, 0), (0, -1))
    cells = [[_lines(text, _CELL) for text in row] for row in rows]
    style = [*_LINED, ("BACKGROUND", *shading, colors.whitesmoke)]
    return Grid(cells, colWidths=_shares(table.widths), repeatRows=1 if table.head else 0, style=style, splitInRow=1)


def _signatures(signatures: Signatures) -> Flowable:
    rows = [
        [_lines(f"{party}\n{told}" if told else party, _PLAIN), _lines(signatures.sign_here, _PLAIN)]
        for party, told in signatures.lines
    ]
    room = [("BOTTOMPADDING", (0, 0), (-1, -1), 30), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return KeepTogether([Grid(rows, colWidths=_shares((3, 4)), style=room, splitInRow=1)])


def _shares(widths: Sequence[int]) -> list[float]:
    return [_WIDTH * share / sum(widths) for share in widths]


def _lines(text: str, style: ParagraphStyle) -> Lines:
    return Lines(escape(printable(text)).replace("\n", "<br/>"), style)
