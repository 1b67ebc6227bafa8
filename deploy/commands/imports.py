"""``cobuild import``: a spreadsheet into a running Cobuild, with a report for every row."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.commands.terminal import LOCAL, Url, err, out


class ListKind(StrEnum):
    """Which list a file holds."""

    RESOURCES = "resources"
    DEMANDS = "demands"


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="XLSX or CSV.")],
    kind: Annotated[ListKind, typer.Option(help="Which list the file holds.")],
    url: Url = LOCAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; post nothing.")] = False,
    token: Annotated[
        str | None, typer.Option(envvar="COBUILD_API_TOKEN", help="Where the server asks for one.")
    ] = None,
    all_rows: Annotated[bool, typer.Option("--all-rows", help="Report good rows too.")] = False,
) -> None:
    """Import a resource or demand list; good rows are posted, bad ones reported. Exit with 1 where a row was bad."""
    import httpx  # noqa: PLC0415

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    try:
        with (
            Progress(*columns, console=err, transient=True) as bar,
            bar.open(file, "rb", description=file.name) as body,
        ):
            answer = httpx.post(
                f"{url}/v1/imports",
                files={"file": (file.name, body)},
                data={"kind": kind.value, "dry_run": str(dry_run).lower()},
                headers=headers,
                timeout=600,
            )
    except httpx.TransportError as error:
        err.print(f"[red]cobuild:[/] no answer from {url} ({error}); is `cobuild up` running?", highlight=False)
        raise typer.Exit(1) from None
    if answer.is_error:
        _refused(answer.json())
        raise typer.Exit(1)
    report = answer.json()
    _show(report, all_rows=all_rows)
    raise typer.Exit(1 if report["refused"] else 0)


def _refused(problem: dict[str, Any]) -> None:
    messages = problem.get("messages", {})
    err.print(f"[red]{problem.get('code')}[/] {messages.get('zh', '')} {messages.get('en', '')}", highlight=False)
    if problem.get("detail"):
        err.print(problem["detail"], highlight=False)


def _show(report: dict[str, Any], *, all_rows: bool) -> None:
    rows = [row for row in report["rows"] if all_rows or row["outcome"] == "refused"]
    if rows:
        table = Table()
        for name in ("row", "id", "outcome", "what is wrong"):
            table.add_column(name)
        for row in rows:
            table.add_row(str(row["row"]), row["id"] or "", row["outcome"], "\n".join(map(_told, row["faults"])))
        out.print(table)
    counts = ("posted", "valid", "unchanged", "refused")
    out.print(", ".join(f"{report[name]} {name}" for name in counts if report[name]) or "no rows", highlight=False)


def _told(fault: dict[str, Any]) -> str:
    place = fault["column"] or fault["field"]
    return f"{place + '：' if place else ''}{fault['messages']['zh']} {fault['detail']}".strip()
