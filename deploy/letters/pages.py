"""How dead letters look in a terminal and as JSON; what strangers wrote cannot act on the terminal."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.commands.terminal import out
from schemas.refusals import REFUSALS
from streams.deadletter_book import Book, Letter, Replay, spelt
from streams.deadletter_desk import Outcome, Report

BAR: Final = 30
MOST_HEX: Final = 256
ID_SHOWN: Final = 12
"""Enough of an id to tell it from any other."""

FATES: Final = {"refused_again": "refused again", "taken": "taken", "waiting": "not reached yet"}
OUTCOMES: Final[dict[Outcome, str]] = {
    "ready": "would be appended again",
    "replayed": "appended again",
    "replayed_before": "was appended again before (--again does it once more)",
    "personal_data": "holds personal data: never appended again",
    "no_input": "no input topic: never appended again",
    "gone": "gone",
    "another_record": "another record",
    "wrong_key": "its key is not its shard (--rekey gives it the right one)",
    "refused_still": "would be refused again",
}
FINE: Final = frozenset({"ready", "replayed", "replayed_before"})
STYLES: Final[dict[Outcome, str]] = {"ready": "cyan", "replayed": "green", "replayed_before": "dim"}


def as_text(content: str) -> str:
    """Return ``content`` with everything spelt out that a terminal might obey."""
    return "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode() for sign in content
    )


def of_bytes(content: bytes) -> str:
    """Return bytes as text where they are text, else in hexadecimal."""
    try:
        return as_text(content.decode())
    except UnicodeDecodeError:
        more = f" … {len(content):,} bytes" if len(content) > MOST_HEX else ""
        return f"(hex) {content[:MOST_HEX].hex(' ')}{more}"


def of_value(content: bytes) -> str:
    """Return a value as people read it: JSON with indents, else as text or in hexadecimal."""
    try:
        return as_text(json.dumps(json.loads(content), ensure_ascii=False, indent=2))
    except (ValueError, RecursionError):
        return of_bytes(content)


def message(code: str) -> str:
    """Return what a code says to people, in both languages."""
    known = REFUSALS.get(code)
    return f"{known.zh} {known.en}" if known else "(a code that this version does not know)"


def print_letter(letter: Letter, replays: Sequence[Replay]) -> None:
    """Print one letter whole."""
    refused = letter.refused
    rows: list[tuple[str, str]] = [
        ("dead letter", f"{letter.id}  ({spelt(letter.position)})"),
        ("reason", f"{refused.code}  {message(refused.code)}"),
        ("particulars", refused.detail),
        ("record", f"{refused.topic}, partition {refused.partition}, offset {refused.offset}"),
        ("refused", f"{refused.refused_at.astimezone():%Y-%m-%d %H:%M:%S %Z}"),
        ("key", "" if refused.key is None else of_bytes(refused.key)),
        *(("header", f"{name}: {of_bytes(content)}") for name, content in refused.headers),
        *(("left out", _lost(part.part, part.reason, part.names)) for part in refused.left_out),
        *(("replayed", f"{spelt(replay.place)}: {fate_of(replay)}") for replay in replays),
        ("value", _value(letter)),
    ]
    for name, content in rows:
        if content:
            out.print(Text(f"{name:<12} ", style="bold") + Text(as_text(content)), soft_wrap=True)


def print_book(book: Book) -> None:
    """Print what a list shows."""
    if not book.counts:
        out.print("No dead letters.")
    else:
        out.print(_counts(book.counts))
    if book.letters:
        out.print()
        out.print(_letters(book))
    if book.unreadable:
        out.print(f"\n{book.unreadable:,} records among the dead letters are none.", highlight=False)


def print_reports(reports: Sequence[Report], *, most: int, to: Console) -> None:
    """Print what became of each record, at most ``most`` of them, then how many came to what."""
    for report in reports[:most]:
        where = spelt(report.letter.place)
        now = f" → {spelt(report.position)}" if report.position else ""
        key = f", key {report.new_key}" if report.new_key else ""
        told = f"{OUTCOMES[report.outcome]}{key}" + (f": {report.detail}" if report.detail else "")
        line = f"{report.letter.id[:ID_SHOWN]}  {where}{now}  {told}"
        to.print(Text(as_text(line), style=STYLES.get(report.outcome, "yellow")), soft_wrap=True)
    if len(reports) > most:
        to.print(f"… and {len(reports) - most:,} more", highlight=False)
    for outcome, count in Counter(report.outcome for report in reports).most_common():
        to.print(f"{count:>8,}  {OUTCOMES[outcome]}", highlight=False)


def fate_of(replay: Replay) -> str:
    """Return what became of a replay, in words."""
    return FATES[replay.fate] + (f": {replay.code}" if replay.code else "")


def short(topic: str) -> str:
    """Return the middle of a topic's name."""
    return topic.removeprefix("cobuild.").removesuffix(".v1")


def letter_json(letter: Letter, replays: Sequence[Replay], *, whole: bool) -> dict[str, Any]:
    """Return a letter for programs; keys, header values and values in base64."""
    known = REFUSALS.get(letter.refused.code)
    parts = None if whole else {"key", "headers", "value"}
    return {
        "id": letter.id,
        "position": spelt(letter.position),
        **letter.refused.model_dump(mode="json", exclude=parts),
        "message": known._asdict() if known else None,
        "replays": [
            {
                "position": spelt(replay.place),
                "fate": replay.fate,
                "code": replay.code,
                "at": str(replay.told.replayed_at),
            }
            for replay in replays
        ],
    }


def book_json(book: Book) -> dict[str, Any]:
    """Return what a list shows, for programs."""
    return {
        "counts": [{"topic": topic, "code": code, "count": n} for (topic, code), n in book.counts.most_common()],
        "letters": [letter_json(letter, book.replays_of(letter.place), whole=False) for letter in book.letters],
        "unreadable": book.unreadable,
    }


def report_json(report: Report) -> dict[str, Any]:
    """Return a report for programs."""
    return {
        "id": report.letter.id,
        "place": spelt(report.letter.place),
        "code": report.letter.refused.code,
        "outcome": report.outcome,
        "detail": report.detail,
        "new_key": report.new_key,
        "position": spelt(report.position) if report.position else None,
    }


def print_json(content: Any) -> None:
    """Print ``content`` for programs: in ASCII, so that nothing in it can act on a terminal."""
    print(json.dumps(content, indent=2))


def _counts(counts: Counter[tuple[str, str]]) -> Table:
    """Return how many letters there are by topic and code, as bars."""
    table = Table(box=None, pad_edge=False)
    for name in ("topic", "code", "", "", "meaning"):
        table.add_column(name, no_wrap=name != "meaning")
    table.columns[2].justify = "right"
    most, widest = max(counts.values(), default=1), BAR if out.width >= 120 else BAR // 3
    for (topic, code), count in counts.most_common():
        bar = "█" * max(1, round(widest * count / most))
        table.add_row(short(topic), Text(as_text(code)), f"{count:,}", bar, message(code))
    return table


def _letters(book: Book) -> Table:
    """Return the letters, a line each; only the particulars are cut where the terminal is narrow."""
    names = ("id", "refused", "code", "where it lies", "replayed", "particulars")
    rows = [_row(letter, book.replays_of(letter.place)) for letter in book.letters]
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(names):
        widest = max(len(row[place]) for row in rows)
        if name != "replayed" or widest:
            last = name == "particulars"
            table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=8 if last else widest)
    for row in rows:
        table.add_row(*(cell for place, cell in enumerate(row) if len(table.columns) == len(names) or place != 4))
    return table


def _row(letter: Letter, replays: Sequence[Replay]) -> list[Text]:
    refused = letter.refused
    cells = (
        letter.id[:ID_SHOWN],
        f"{refused.refused_at.astimezone():%Y-%m-%d %H:%M}",
        refused.code,
        f"{short(refused.topic)}/{refused.partition}/{refused.offset}",
        ", ".join(fate_of(replay) for replay in replays),
        refused.detail,
    )
    return [Text(as_text(cell).replace("\n", " ")) for cell in cells]


def _lost(part: str, reason: str, names: Sequence[str]) -> str:
    why = {"personal_data": "a phone or identity number is in it", "too_large": "too large for a dead letter"}
    named = f" ({', '.join(names)})" if names else ""
    return f"{part}{named}: {why[reason]}; the record itself still lies where it lay"


def _value(letter: Letter) -> str:
    refused = letter.refused
    if refused.value is not None:
        return of_value(refused.value) or "(empty)"
    left_out = any(part.part == "value" for part in refused.left_out)
    return f"(left out; SHA-256 {refused.value_sha256})" if left_out else "(none: a tombstone)"
