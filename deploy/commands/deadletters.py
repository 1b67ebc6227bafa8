"""``cobuild deadletters``: what readers refused, and having it appended once more."""

from typing import Annotated

import typer

from deploy.commands.terminal import DataDir, Kafka, err, out, settings_from

app = typer.Typer(no_args_is_help=True, help="What readers refused 死信: list it, look at it, append it once more.")

TopicName = Annotated[str | None, typer.Option("--topic", help="Only of this topic, such as demands.")]
Code = Annotated[str | None, typer.Option(help="Only refused for this reason, such as wrong_key.")]
Since = Annotated[
    str | None, typer.Option(help="Only refused since then: 2026-11-21T09:00, or so long ago: 90m, 12h, 7d.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="ID|TOPIC/PARTITION/OFFSET", help="Which: the beginning of its id, or where the record lies."
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID|TOPIC/PARTITION/OFFSET]...", help="Which; or say so by --code, --topic, --since."),
]

SHOWN = 50
"""Records told one by one; the rest is counted. ``--json`` tells all."""


@app.command("list")
def list_letters(
    data_dir: DataDir = None,
    kafka: Kafka = None,
    topic: TopicName = None,
    code: Code = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to list, the newest first; all are counted.")] = 20,
    as_json: Json = False,
) -> None:
    """List dead letters, the newest first, and how many there are by topic and reason."""
    from deploy.letters import asking, desk, pages  # noqa: PLC0415

    wanted = asking.wanted(topic=topic, code=code, since=since)
    book = desk.read(settings_from(data_dir=data_dir, kafka=kafka), wanted, most=limit)
    if as_json:
        pages.print_json(pages.book_json(book))
    else:
        pages.print_book(book)


@app.command("show")
def show(name: Name, data_dir: DataDir = None, kafka: Kafka = None, as_json: Json = False) -> None:
    """Show one dead letter whole: why, what, and what was left out. Exits with 1 where there is none."""
    from deploy.letters import asking, desk, pages  # noqa: PLC0415

    wanted = asking.wanted(names=[name])
    book = desk.read(settings_from(data_dir=data_dir, kafka=kafka), wanted, most=2, whole=True)
    letter = asking.the_one(book, wanted.names[0])
    replays = book.replays_of(letter.place)
    if as_json:
        pages.print_json(pages.letter_json(letter, replays, whole=True))
    else:
        pages.print_letter(letter, replays)


@app.command("replay")
def replay(
    names: Names = None,
    data_dir: DataDir = None,
    kafka: Kafka = None,
    topic: TopicName = None,
    code: Code = None,
    since: Since = None,
    rekey: Annotated[
        bool, typer.Option("--rekey", help="Give a record whose key is not its shard the right one.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also what was replayed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Append refused records to their topics once more, as they lie in the log; readers judge them anew.

    Exits with 0 where each is (with --dry-run: would be) appended, now or before; with 1 where one is not.
    """
    from deploy.letters import asking, pages  # noqa: PLC0415
    from deploy.letters.desk import Desk  # noqa: PLC0415

    if bool(names) == any((topic, code, since)):
        asking.usage("say which: either ids or places, or --code, --topic, --since")
    wanted = asking.wanted(topic=topic, code=code, since=since, names=names or ())
    desk = Desk(settings_from(data_dir=data_dir, kafka=kafka), rekey=rekey, again=again)
    reports = desk.look(wanted)
    ready = [report for report in reports if report.outcome == "ready"]
    if ready and not dry_run:
        if not yes:
            pages.print_reports(reports, most=SHOWN, to=err)
            typer.confirm(f"Append {len(ready):,} records again?", abort=True, err=True)
        reports = desk.replay([report.letter for report in reports])
    if as_json:
        pages.print_json([pages.report_json(report) for report in reports])
    else:
        pages.print_reports(reports, most=SHOWN, to=out)
    raise typer.Exit(0 if all(report.outcome in pages.FINE for report in reports) else 1)
