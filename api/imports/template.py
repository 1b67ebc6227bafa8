"""The sheets to fill in: headers, an example row, dropdown lists, the catalogue and what each column means."""

import csv
import io
from functools import cache

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from api.imports.columns import COLUMNS, TITLES, ListKind
from api.imports.headers import Column
from schemas.catalogue import Catalogue

_ITEMS = "服务项目"
_OF_ITEMS = ("item", "skills")
_COLUMNS = "填写说明"
_LAST_ROW = 5000
"""Dropdown lists reach down to here."""
_REQUIRED = PatternFill("solid", fgColor="FDE9E7")
_OPTIONAL = PatternFill("solid", fgColor="F2F2F2")


def csv_template(kind: ListKind, *, catalogue: Catalogue) -> bytes:
    """Return header and example row as CSV; the mark at the front tells Excel that it is UTF-8."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow([column.zh for column in COLUMNS[kind]])
    rows.writerow([_example(column, kind, catalogue) for column in COLUMNS[kind]])
    return text.getvalue().encode("utf-8-sig")


@cache
def xlsx_template(kind: ListKind, *, catalogue: Catalogue) -> bytes:
    """Return the workbook: the list, the catalogue where its columns name items, the columns explained."""
    book = Workbook()
    sheet = book.active
    sheet.title = TITLES[kind]
    _fill_list(sheet, kind, catalogue)
    if any(column.name in _OF_ITEMS for column in COLUMNS[kind]):
        _fill_items(book.create_sheet(_ITEMS), catalogue)
    _fill_columns(book.create_sheet(_COLUMNS), kind)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _example(column: Column, kind: ListKind, catalogue: Catalogue) -> str:
    match column.name:
        case "title" if not column.example:
            return "给楼里的老人理发" if kind == "demands" else "周末上门理发"
        case "item":
            hair_cut = catalogue.items.get("elder_care.hair_cut") or next(iter(catalogue.items.values()))
            return hair_cut.zh
        case _:
            return column.example


def _fill_list(sheet: Worksheet, kind: ListKind, catalogue: Catalogue) -> None:
    for place, column in enumerate(COLUMNS[kind], start=1):
        head = sheet.cell(1, place, column.zh)
        head.font = Font(bold=True)
        head.fill = _REQUIRED if column.required else _OPTIONAL
        head.comment = Comment(column.hint, "Cobuild")
        example = sheet.cell(2, place, _example(column, kind, catalogue))
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.zh) + 4)
        # As text: codes keep their digits, times their form.
        sheet.column_dimensions[letter].number_format = example.number_format = "@"
        _offer(sheet, column, letter, items=len(catalogue.items))
    sheet.freeze_panes = "A2"


def _offer(sheet: Worksheet, column: Column, letter: str, *, items: int) -> None:
    """Give a column its dropdown list, if it has choices."""
    if column.name == "item":
        formula = f"='{_ITEMS}'!$B$2:$B${items + 1}"
    elif column.choices:
        formula = f'"{",".join(column.choices)}"'
    else:
        return
    offered = DataValidation(type="list", formula1=formula, allow_blank=True)
    # Warn and no more: ids and English words are as good.
    offered.errorStyle = "warning"
    sheet.add_data_validation(offered)
    offered.add(f"{letter}2:{letter}{_LAST_ROW}")


def _fill_items(sheet: Worksheet, catalogue: Catalogue) -> None:
    sheet.append(["编号", "名称", "英文", "类别", "需要的资质"])
    for item in catalogue.items.values():
        category = catalogue.categories[item.category_id]
        sheet.append([item.item_id, item.zh, item.en, category.zh, category.required(risky=True) or ""])
    _widths(sheet, 34, 24, 40, 24, 26)


def _fill_columns(sheet: Worksheet, kind: ListKind) -> None:
    sheet.append(["列", "英文列名", "必填", "说明", "可选值"])
    for column in COLUMNS[kind]:
        required = "是" if column.required else ""
        sheet.append([column.zh, column.name, required, column.hint, "、".join(column.choices)])
    _widths(sheet, 18, 18, 8, 56, 60)


def _widths(sheet: Worksheet, *widths: int) -> None:
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
        head = sheet.cell(1, place)
        head.font, head.alignment = Font(bold=True), Alignment(vertical="center")
    sheet.freeze_panes = "A2"
