"""A document as such: headings, paragraphs, tables and lines to sign on. Pure; the writers say how it looks."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def printable(text: str) -> str:
    """Return a text without the characters that no page has room for, and no XML a way to write."""
    return _UNPRINTABLE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; ``widths`` are the shares of the columns. Without a head the first column names the others."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """A place for each party to sign and seal: by name, with what the record knows of its signature."""

    lines: tuple[tuple[str, str], ...]
    sign_here: str


Block = Heading | Paragraph | Table | Signatures


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its title, what stands at the foot of every page, and the moment of the record it shows."""

    title: str
    subtitle: str
    foot: str
    as_of: datetime
    blocks: tuple[Block, ...]
