"""``cobuild watch``: the live match stream in the terminal."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from deploy.commands.terminal import LOCAL, Url, err, out, told

STYLES = {"proposed": "cyan", "confirmed": "green", "fulfilled": "bold green", "revoked": "yellow", "expired": "dim"}


def watch(
    url: Url = LOCAL,
    region: Annotated[str | None, typer.Option(help="Only below this region, such as 310105001.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category, such as elder_care.")] = None,
    rows: Annotated[int, typer.Option(min=1, max=200, help="How many rows to keep in sight.")] = 20,
    plain: Annotated[bool, typer.Option("--plain", help="One line an event, for pipes.")] = False,
) -> None:
    """Watch matches as they happen; Ctrl-C leaves. A lost connection is taken up where it broke."""
    import httpx  # noqa: PLC0415

    asking = {name: value for name, value in {"region": region, "category": category}.items() if value}
    with told(httpx.HTTPStatusError):
        try:
            asyncio.run(_watch(url, asking, rows=rows, plain=plain or not out.is_terminal))
        except KeyboardInterrupt:
            raise typer.Exit from None
        except BrokenPipeError:  # whoever read our lines has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None


async def _watch(url: str, asking: dict[str, str], *, rows: int, plain: bool) -> None:
    shown: deque[dict[str, Any]] = deque(maxlen=rows)
    names = await _item_names(url)
    async with aclosing(_rows(url, asking)) as stream:
        if plain:
            async for row in stream:
                print(_line(row, names), flush=True)
            return
        with Live(_table(shown, names, url), console=out, refresh_per_second=8, vertical_overflow="crop") as live:
            async for row in stream:
                shown.appendleft(row)
                live.update(_table(shown, names, url))


async def _rows(url: str, asking: dict[str, str]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield rows of the stream for ever; after a break, from the last one seen."""
    import httpx  # noqa: PLC0415
    import httpx_sse  # noqa: PLC0415

    headers: dict[str, str] = {}
    while True:
        try:
            async with (
                httpx.AsyncClient(base_url=url, timeout=httpx.Timeout(10, read=60)) as client,
                httpx_sse.aconnect_sse(client, "GET", "/v1/stream", params=asking, headers=headers) as source,
            ):
                source.response.raise_for_status()
                async for event in source.aiter_sse():
                    headers["Last-Event-ID"] = event.id
                    if event.event in STYLES:
                        yield event.json()
        except httpx.TransportError as error:
            err.print(f"[yellow]no connection to {url} ({type(error).__name__}); trying again ...[/]", highlight=False)
        await asyncio.sleep(1)


async def _item_names(url: str) -> dict[str, str]:
    """Return item names by id; none where the server cannot be asked just now."""
    import httpx  # noqa: PLC0415

    try:
        async with httpx.AsyncClient(base_url=url, timeout=5) as client:
            body = (await client.get("/v1/catalogue")).raise_for_status().json()
    except httpx.TransportError:
        return {}
    return {item["item_id"]: item["zh"] for category in body["categories"] for item in category["items"]}


def _line(row: dict[str, Any], names: dict[str, str]) -> str:
    return "\t".join(_cells(row, names))


def _cells(row: dict[str, Any], names: dict[str, str]) -> list[str]:
    at = datetime.fromisoformat(row["at"]).astimezone()
    item = row["item"] or ""
    value = "" if row["value"] is None else f"{row['value']:,}"
    return [
        f"{at:%H:%M:%S}",
        row["type"],
        row["community"],
        names.get(item, item),
        row["demand_title"] or row["demand_id"] or "",
        row["provider"] or "",
        value,
    ]


def _table(shown: deque[dict[str, Any]], names: dict[str, str], url: str) -> Table:
    table = Table(title=f"Cobuild 共建 · {url}", expand=True, caption=None if shown else "waiting for matches ...")
    for name in ("time", "what", "community", "item", "demand", "provider"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    table.add_column("value", justify="right")
    for row in shown:
        table.add_row(*_cells(row, names), style=STYLES[row["type"]])
    return table
