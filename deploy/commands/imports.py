"""``cobuild import``: a spreadsheet into a running Cobuild, with a report per row; ``cobuild imports``: past ones."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.commands.terminal import LOCAL, Token, Url, err, out

app = typer.Typer(help="Imports of the past: list them, or undo one.", no_args_is_help=True)


class ListKind(StrEnum):
    """Which list a file holds."""

    RESOURCES = "resources"
    DEMANDS = "demands"
    PROJECTS = "projects"
    UNITS = "units"
    MEMBERS = "members"


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="XLSX or CSV.")],
    kind: Annotated[ListKind, typer.Option(help="Which list the file holds.")],
    url: Url = LOCAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; post nothing.")] = False,
    token: Token = None,
    all_rows: Annotated[bool, typer.Option("--all-rows", help="Report good rows too.")] = False,
) -> None:
    """Import a list or enrolments; good rows are posted, bad ones reported. Exit with 1 where a row was bad."""
    from deploy.commands.calling import calling, checked  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with (
        calling(url, token=token) as client,
        Progress(*columns, console=err, transient=True) as bar,
        bar.open(file, "rb", description=file.name) as body,
    ):
        form = {"kind": kind.value, "dry_run": str(dry_run).lower()}
        answer = client.post("/v1/imports", files={"file": (file.name, body)}, data=form)
    report = checked(answer).json()
    rows = [row for row in report["rows"] if all_rows or row["outcome"] == "refused"]
    _show(rows, counts={name: report[name] for name in ("posted", "valid", "unchanged", "refused")})
    if report["posted"]:
        out.print(f"to undo: cobuild imports undo {report['import_id']}", highlight=False)
    raise typer.Exit(1 if report["refused"] else 0)


@app.command("list")
def list_imports(
    url: Url = LOCAL, limit: Annotated[int, typer.Option(min=1, max=500, help="How many, the newest first.")] = 20
) -> None:
    """List past imports."""
    from deploy.commands.calling import calling, checked  # noqa: PLC0415

    with calling(url) as client:
        rows = checked(client.get("/v1/imports", params={"limit": limit})).json()["rows"]
    counts = ("posted", "refused", "undone", "kept")
    table = Table("at", "kind", *counts)
    table.add_column("import", no_wrap=True)  # to be copied whole
    for row in rows:
        at = datetime.fromisoformat(row["created_at"]).astimezone()
        table.add_row(f"{at:%m-%d %H:%M}", row["kind"], *(str(row[name]) for name in counts), row["import_id"])
    out.print(table if rows else "no imports")


@app.command("undo")
def undo_import(
    import_id: Annotated[str, typer.Argument(help="As the import or the list of imports tells it.")],
    url: Url = LOCAL,
    token: Token = None,
) -> None:
    """Withdraw what an import posted; say what could not be undone, and why. Exit with 1 where there is such a row."""
    from deploy.commands.calling import calling, checked  # noqa: PLC0415

    with calling(url, token=token) as client:
        report = checked(client.post(f"/v1/imports/{import_id}:undo")).json()
    rows = [row | {"faults": [row["fault"]]} for row in report["rows"] if row["fault"]]
    _show(rows, counts={name: report[name] for name in ("undone", "kept")})
    raise typer.Exit(1 if report["kept"] else 0)


def _show(rows: list[dict[str, Any]], *, counts: dict[str, int]) -> None:
    if rows:
        table = Table("row", "id", "outcome", "why")
        for row in rows:
            table.add_row(str(row["row"]), row["id"] or "", row["outcome"], "\n".join(map(_told, row["faults"])))
        out.print(table)
    out.print(", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no rows", highlight=False)


def _told(fault: dict[str, Any]) -> str:
    place = fault["column"] or fault["field"]
    return f"{place + '：' if place else ''}{fault['messages']['zh']} {fault['detail']}".strip()
