"""The admission list 准入清单: which matters departments may put on communities, and why.

A table with the columns ``matter`` (an item of the catalogue, or a whole category), ``admitted`` (``yes`` or ``no``),
``zh`` and ``en`` (the reason). An item's own line goes before its category's; what neither names is not admitted.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from schemas.catalogue import SHIPPED, Catalogue, mistake, rows
from schemas.data import DATA
from schemas.demands import Channel, Demand

OFFICE = "11"
"""How the USCC of an office 机关 begins."""

_WORDS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Matter:
    """One line of the list."""

    matter: str
    admitted: bool
    zh: str
    en: str


@dataclass(frozen=True)
class Admission:
    """The list, by item or category."""

    matters: dict[str, Matter]

    @cached_property
    def version(self) -> str:
        """16 hexadecimal digits of the whole content, whatever the order of rows."""
        content = sorted([each.matter, each.admitted, each.zh, each.en] for each in self.matters.values())
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def of(self, item_id: str) -> Matter | None:
        """Return the line that an item comes under; None where the list has none."""
        return self.matters.get(item_id) or self.matters.get(item_id.partition(".")[0])

    def admits(self, item_id: str) -> bool:
        """Whether departments may put an item on communities."""
        matter = self.of(item_id)
        return matter is not None and matter.admitted

    @classmethod
    def load(cls, path: Path, *, catalogue: Catalogue) -> Self:
        """Read and validate a list; the bare name of a shipped catalogue stands for its list.

        Raises:
            CatalogueError: the file cannot be read, or a row does not hold; file and line are named.
        """
        if str(path) in SHIPPED and not path.exists():
            path = DATA / str(path) / "admission.tsv"
        matters: dict[str, Matter] = {}
        for line, row in rows(path, required=("matter", "admitted", "zh", "en")):
            matter = row["matter"]
            if matter in matters:
                raise mistake(path, line, f"{matter} stands here twice")
            if matter not in catalogue.items and matter not in catalogue.categories:
                raise mistake(path, line, f"{matter} is neither an item nor a category of the catalogue")
            if row["admitted"] not in _WORDS:
                raise mistake(path, line, f"admitted is {row['admitted']!r}, neither yes nor no")
            if not row["zh"] and not row["en"]:
                raise mistake(path, line, "neither zh nor en holds a reason")
            matters[matter] = Matter(matter, _WORDS[row["admitted"]], row["zh"] or row["en"], row["en"] or row["zh"])
        return cls(matters)


def by_department(demand: Demand) -> bool:
    """Whether a demand is a department's matter: asked by an office, or passed on by a unit in another's name.

    What other units ask for themselves is no such matter: their needs are on the list like anybody's.
    """
    kind, _, name = demand.requester.partition(":")
    if kind == "unit":
        return name.startswith(OFFICE)
    return demand.channel is Channel.UNIT
