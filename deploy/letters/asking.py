"""From the words of a command line to the letters that are meant; what cannot be meant ends with exit code 2."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import typer

from deploy.commands.terminal import err
from schemas.refusals import REFUSALS
from schemas.topics import TOPIC_BY_NAME
from streams.deadletter_book import Book, Letter, Wanted, named

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def wanted(
    *, topic: str | None = None, code: str | None = None, since: str | None = None, names: Sequence[str] = ()
) -> Wanted:
    """Return which letters are meant."""
    if code is not None and code not in REFUSALS:
        usage(f"there is no reason {code}; docs/events.md lists them")
    return Wanted(
        topic=None if topic is None else topic_of(topic),
        code=code,
        since=None if since is None else moment(since),
        names=tuple(_name(name) for name in names),
    )


def the_one(book: Book, name: str) -> Letter:
    """Return the letter that ``name`` means; exit with 1 where it means none or several."""
    found = [letter for letter in book.letters if named(letter, name)]
    if len(found) != 1:
        what = f"several dead letters begin with {name}" if found else f"there is no dead letter {name}"
        err.print(f"[red]cobuild:[/] {what}", highlight=False)
        raise typer.Exit(1)
    return found[0]


def topic_of(name: str) -> str:
    """Return the topic that ``name`` means: its own name, or the middle of it."""
    for topic in TOPIC_BY_NAME:
        if name in (topic, topic.split(".")[1]):
            return topic
    usage(f"there is no topic {name}; there are {', '.join(TOPIC_BY_NAME)}")


def moment(text: str) -> datetime:
    """Return the moment that ``text`` tells, by the clock of this machine where it names no zone."""
    ago = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    try:
        if ago:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        usage(f"{text} is no time: 2026-11-21T09:00, or so long ago: 90m, 12h, 7d")


def usage(message: str) -> NoReturn:
    """Say what is wrong with the command line, and exit with 2."""
    err.print(f"[red]cobuild:[/] {message}", highlight=False)
    raise typer.Exit(2)


def _name(name: str) -> str:
    if "/" not in name:
        if not re.fullmatch(r"[0-9a-f]{4,32}", name):
            usage(f"{name} is neither the beginning of an id (4 signs or more) nor TOPIC/PARTITION/OFFSET")
        return name
    place = re.fullmatch(r"([^/]+)/([0-9]+)/([0-9]+)", name)
    if place is None:
        usage(f"{name} is no TOPIC/PARTITION/OFFSET")
    return f"{topic_of(place[1])}/{int(place[2])}/{int(place[3])}"
