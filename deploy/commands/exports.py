"""``cobuild export``: a list of a running Cobuild into a spreadsheet."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.terminal import LOCAL, Url, err, out


class ExportKind(StrEnum):
    """Which list to export."""

    DEMANDS = "demands"
    RESOURCES = "resources"
    UNITS = "units"
    MEMBERS = "members"
    PROJECTS = "projects"


def export_list(
    kind: Annotated[ExportKind, typer.Argument(help="Which list.")],
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to: NAME.xlsx or NAME.csv.")],
    url: Url = LOCAL,
    region: Annotated[str | None, typer.Option(help="Only below this region, such as 310105001.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category, such as elder_care.")] = None,
    state: Annotated[str | None, typer.Option(help="Only this state, such as open or published.")] = None,
    party: Annotated[str | None, typer.Option(help="Only of this party, such as community:310105001001.")] = None,
    since: Annotated[str | None, typer.Option(help="Not before, such as 2026-11-01T00:00:00+08:00.")] = None,
    until: Annotated[str | None, typer.Option(help="Before, such as 2026-12-01T00:00:00+08:00.")] = None,
) -> None:
    """Export a list as XLSX or CSV; `cobuild import` takes it back."""
    from deploy.commands.calling import calling, checked  # noqa: PLC0415

    form = file.suffix.lower().removeprefix(".")
    if form not in ("xlsx", "csv"):
        err.print("[red]cobuild:[/] a file is called NAME.xlsx or NAME.csv", highlight=False)
        raise typer.Exit(2)
    narrow = {"region": region, "category": category, "state": state, "party": party, "since": since, "until": until}
    asked = {name: value for name, value in narrow.items() if value}
    part = file.with_name(f"{file.name}.part")
    with calling(url) as client, client.stream("GET", f"/v1/exports/{kind.value}.{form}", params=asked) as answer:
        if answer.is_error:
            answer.read()
        checked(answer)
        with part.open("wb") as body:
            for chunk in answer.iter_bytes():
                body.write(chunk)
    part.replace(file)
    out.print(f"{file}: {file.stat().st_size:,} bytes", highlight=False)
