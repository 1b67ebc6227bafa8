"""Kinds of resident units: how common they are, what they are called, what they can offer (``trades.tsv``).

Shares are ours, for a city-centre district: mostly companies and shops, then schools, clinics and other public
institutions, offices, social organisations.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORD_HEADS = "安博诚德恒华嘉康乐明宁启融瑞盛泰天文祥欣雅益永悦云泽正中卓"
WORD_TAILS = "邦宝才晨达丰福光海航和宏辉佳杰景凯朗利隆茂能宁平青仁荣顺思拓维熙信扬翊源远"
"""Two of these make a name that nobody chose."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One kind of unit.

    ``kind`` begins its USCC; ``name`` is a pattern over street, a made-up word and a number; ``offers`` are
    catalogue items or whole categories, each as likely as the others.
    """

    kind: str
    weight: int
    name: str
    system: str
    offers: tuple[str, ...]


@cache
def trades() -> tuple[Trade, ...]:
    """Return every kind of unit, in the order of the file."""
    with Path(__file__).with_name("trades.tsv").open(encoding="utf-8") as lines:
        return tuple(
            Trade(row["kind"], int(row["weight"]), row["name"], row["system"], tuple(row["offers"].split()))
            for row in csv.DictReader(lines, delimiter="\t")
        )
