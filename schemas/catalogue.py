"""The catalogue 服务项目库: what can be offered and asked for, by category, and the gate each category sets.

A catalogue is a directory with ``catalogue.tsv`` (one item per row) and, where categories set gates,
``categories.tsv`` (one category per row). Columns are found by name; others are ignored. Names may be
Chinese, English or both: the one that is missing is taken from the other. ``words.tsv`` may add what people say
when they mean an item; it serves suggestions alone and is no part of what the catalogue means.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from schemas.data import DATA
from schemas.refusals import Refused

SHIPPED = frozenset({"cn", "boston"})
NO_GATE = "none"
IF_RISKY = "insurance_if_risky"

_BETWEEN_WORDS = re.compile(r"[、，；,;]")
_CATEGORY_ID = re.compile(r"[a-z0-9_]{1,60}")
_ITEM_ID = re.compile(r"([a-z0-9_]{1,60})\.[a-z0-9_]{1,90}")


class CatalogueError(ValueError):
    """A catalogue that cannot be used: names the file and the line."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category. ``gate`` is a qualification a resource must hold.

    ``none`` asks for nothing; ``insurance_if_risky`` asks for ``insurance`` where the demand is risky.
    """

    category_id: str
    zh: str
    en: str
    gate: str

    def required(self, *, risky: bool) -> str | None:
        """Return the qualification that a demand of this category asks for, or None."""
        if self.gate == IF_RISKY:
            return "insurance" if risky else None
        return None if self.gate == NO_GATE else self.gate


@dataclass(frozen=True, slots=True)
class Item:
    """One item; its id begins with the id of its category. ``words`` are everyday words for it, in any language."""

    item_id: str
    category_id: str
    zh: str
    en: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Categories and items by id, in the order of the files."""

    categories: dict[str, Category]
    items: dict[str, Item]

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of the whole content but everyday words, whatever the order of rows."""
        content = sorted(
            [(c.category_id, "", c.zh, c.en, c.gate) for c in self.categories.values()]
            + [(i.category_id, i.item_id, i.zh, i.en, "") for i in self.items.values()]
        )
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    @cached_property
    def qualifications(self) -> frozenset[str]:
        """Every qualification that some gate asks for."""
        asked = {category.required(risky=True) for category in self.categories.values()}
        return frozenset(code for code in asked if code is not None)

    def item(self, item_id: str) -> Item:
        """Return an item; raise Refused ``unknown_item`` where the catalogue has none of that id."""
        try:
            return self.items[item_id]
        except KeyError:
            raise Refused("unknown_item", item_id[:200]) from None

    def category_of(self, item_id: str) -> Category:
        """Return the category of an item; raise Refused ``unknown_item``."""
        return self.categories[self.item(item_id).category_id]

    def items_of(self, category_id: str) -> tuple[Item, ...]:
        """Return the items of a category, siblings of each other, in the order of the file."""
        return self._items_by_category.get(category_id, ())

    @cached_property
    def _items_by_category(self) -> dict[str, tuple[Item, ...]]:
        grouped: dict[str, list[Item]] = {}
        for item in self.items.values():
            grouped.setdefault(item.category_id, []).append(item)
        return {category_id: tuple(items) for category_id, items in grouped.items()}


@cache
def builtin(name: str) -> Catalogue:
    """Return a shipped catalogue: ``cn`` (21 categories, 218 items) or ``boston`` (the log of 2015)."""
    if name not in SHIPPED:
        raise CatalogueError(f"there is no shipped catalogue {name!r}; there are 'cn' and 'boston'")
    return load_catalogue(DATA / name)


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read and validate a catalogue; without a directory, return the shipped Chinese one.

    The bare name of a shipped catalogue stands for it where there is no directory of that name.

    Raises:
        CatalogueError: a file is missing or unreadable, or a row does not hold; file and line are named.
    """
    if directory is None:
        return builtin("cn")
    if str(directory) in SHIPPED and not directory.exists():
        return builtin(str(directory))
    gates = directory / "categories.tsv"
    categories = _read_categories(gates) if gates.exists() else None
    read = _read_items(directory / "catalogue.tsv", categories)
    words = directory / "words.tsv"
    return _with_words(read, words) if words.exists() else read


def _read_categories(path: Path) -> dict[str, Category]:
    categories: dict[str, Category] = {}
    for line, row in rows(path, required=("category_id", "gate")):
        category_id = _matching(_CATEGORY_ID, row, "category_id", path=path, line=line)
        if category_id in categories:
            raise mistake(path, line, f"category {category_id} stands here twice")
        zh, en = _names(row, "category", path=path, line=line)
        gate = _matching(_CATEGORY_ID, row, "gate", path=path, line=line)
        categories[category_id] = Category(category_id, zh, en, gate)
    return categories


def _read_items(path: Path, declared: dict[str, Category] | None) -> Catalogue:
    categories = {} if declared is None else declared
    items: dict[str, Item] = {}
    for line, row in rows(path, required=("category_id", "item_id")):
        item_id = _matching(_ITEM_ID, row, "item_id", path=path, line=line)
        category_id = row["category_id"]
        if item_id.partition(".")[0] != category_id:
            raise mistake(path, line, f"item {item_id} does not begin with its category {category_id!r}")
        if item_id in items:
            raise mistake(path, line, f"item {item_id} stands here twice")
        if category_id not in categories:
            if declared is not None:
                raise mistake(path, line, f"category {category_id} is not in categories.tsv")
            zh, en = _names(row, "category", path=path, line=line)
            categories[category_id] = Category(category_id, zh, en, NO_GATE)
        items[item_id] = Item(item_id, category_id, *_names(row, "item", path=path, line=line))
    if not items:
        raise CatalogueError(f"{path}: there is no item")
    return Catalogue(categories=categories, items=items)


def _with_words(catalogue: Catalogue, path: Path) -> Catalogue:
    items = dict(catalogue.items)
    for line, row in rows(path, required=("item_id",)):
        item = items.get(row["item_id"])
        if item is None:
            raise mistake(path, line, f"item {row['item_id']} is not in catalogue.tsv")
        said = _BETWEEN_WORDS.split(f"{row.get('zh', '')};{row.get('en', '')}")
        words = dict.fromkeys([*item.words, *(word.strip() for word in said if word.strip())])
        items[item.item_id] = replace(item, words=tuple(words))
    return replace(catalogue, items=items)


def rows(path: Path, *, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells of each row of a table that is not blank.

    Raises:
        CatalogueError: the file cannot be read, lacks a column, or a row has more or fewer cells.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: cannot be read: {error}") from error
    reader = csv.reader(text.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
    columns = next(reader, [])
    missing = [name for name in required if name not in columns]
    if missing:
        raise mistake(path, 1, f"missing columns: {', '.join(missing)}")
    for line, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise mistake(path, line, f"{len(cells)} cells under {len(columns)} columns")
        yield line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def _names(row: dict[str, str], prefix: str, *, path: Path, line: int) -> tuple[str, str]:
    zh, en = row.get(f"{prefix}_zh", ""), row.get(f"{prefix}_en", "")
    if not zh and not en:
        raise mistake(path, line, f"neither {prefix}_zh nor {prefix}_en holds a name")
    return zh or en, en or zh


def _matching(pattern: re.Pattern[str], row: dict[str, str], column: str, *, path: Path, line: int) -> str:
    if not pattern.fullmatch(row[column]):
        raise mistake(path, line, f"{column} {row[column]!r} does not match {pattern.pattern}")
    return row[column]


def mistake(path: Path, line: int, message: str) -> CatalogueError:
    """Return the error that names file and line."""
    return CatalogueError(f"{path}:{line}: {message}")
