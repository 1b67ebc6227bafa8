"""Small sheets for tests, and how they are sent."""

import csv
import io
from typing import Any

import httpx
from openpyxl import Workbook

from tests.apiworld import World

HEADERS = ["标题", "服务项目", "数量", "社区代码", "开始时间", "结束时间"]
GOOD = ["给楼里的老人理发", "上门理发", "2", "310105001001", "2026-11-25 09:00", "2026-11-25 12:00"]


def sheet(*rows: list[Any], headers: list[str] = HEADERS) -> bytes:
    book = Workbook()
    for row in (headers, *rows):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def table(*rows: list[str], headers: list[str] = HEADERS, encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([headers, *rows])
    return text.getvalue().encode(encoding)


def row(**changes: Any) -> list[Any]:
    """Return the good row with some columns changed, by place name."""
    names = ("title", "item", "quantity", "community", "start", "end")
    return [changes.get(name, cell) for name, cell in zip(names, GOOD, strict=True)]


async def load(
    world: World, data: bytes, *, kind: str = "demands", dry_run: bool = False, **headers: str
) -> httpx.Response:
    return await world.client.post(
        "/v1/imports",
        files={"file": ("list", data)},
        data={"kind": kind, "dry_run": str(dry_run).lower()},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
