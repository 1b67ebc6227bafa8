"""``cobuild report``: a report of a region, or the draft of a unit's or a member's, from a running Cobuild."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.terminal import LOCAL, Url, err, out


def report(
    about: Annotated[str, typer.Argument(help="A region such as 310105, unit:USCC or member:REF.")],
    period: Annotated[str, typer.Argument(help="2026-11, 2026-Q4, 2026-H2 or 2026.")],
    file: Annotated[
        Path | None, typer.Argument(dir_okay=False, help="NAME.md or NAME.json; else to the screen.")
    ] = None,
    url: Url = LOCAL,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    zone: Annotated[str | None, typer.Option(help="By whose clock, such as Asia/Shanghai.")] = None,
) -> None:
    """Write a report from the record of events: a page in Markdown for a person to edit, or JSON."""
    from deploy.commands.calling import calling, checked  # noqa: PLC0415
    from schemas.refusals import Refused  # noqa: PLC0415

    asked = {"zone": zone} if zone else {}
    try:
        path = _path(about, period, asked)
    except Refused as refused:
        err.print(f"[red]cobuild:[/] {refused.detail}", highlight=False)
        raise typer.Exit(2) from None
    as_json = file is not None and file.suffix.lower() == ".json"
    if not as_json:
        path, asked = f"{path}.md", asked | {"lang": lang}
    with calling(url) as client:
        answer = checked(client.get(path, params=asked))
    if file is None:
        print(answer.text)
        return
    file.write_bytes(answer.content)
    out.print(f"{file}: {len(answer.content):,} bytes", highlight=False)


def _path(about: str, period: str, asked: dict[str, str]) -> str:
    """Return the address of a report; a branch goes into what is ``asked``. Raise Refused ``bad_time``."""
    from api.reports.period import Period  # noqa: PLC0415

    cycle = Period.of(period).cycle
    sort, _, name = about.partition(":")
    if sort == "member":
        return f"/v1/reports/members/{name}/{period}"
    if sort == "unit":
        uscc, _, branch = name.partition("/")
        asked |= {"branch": branch} if branch else {}
        return f"/v1/reports/units/{uscc}/{period}"
    return f"/v1/reports/{cycle}/{about}/{period}"
