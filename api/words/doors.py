"""Which building, entrance, floor or flat a text names: 三号楼402, 15号楼三层, building 8 flat 502.

Two wishes in the same words are two wishes if they name different doors.
"""

import re
from collections import defaultdict
from typing import Final

from api.words.grams import tidied

_DIGITS: Final = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMBER: Final = r"(\d{1,4}|[零〇一二两三四五六七八九十]{1,3})"
_KINDS: Final = (
    ("building", re.compile(_NUMBER + r"\s*(?:号楼|栋|幢)|\b(?:building|block)\s+(\d{1,4})")),
    ("entrance", re.compile(_NUMBER + r"\s*单元|\bentrance\s+(\d{1,4})")),
    ("floor", re.compile(_NUMBER + r"\s*[层楼]|\bfloor\s+(\d{1,4})")),
    ("flat", re.compile(r"(\d{3,4})\s*室|楼\s*(\d{3,4})(?!\d|[个名人元块年])|\b(?:flat|room|apartment)\s+(\d{1,4})")),
)

Doors = dict[str, frozenset[int]]
"""Numbers by what they number: ``building``, ``entrance``, ``floor``, ``flat``."""


def doors(text: str) -> Doors:
    """Return the doors that a text names; a kind that it does not name is missing."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    clean = tidied(text)
    for kind, pattern in _KINDS:
        for match in pattern.finditer(clean):
            found[kind].add(_number(next(part for part in match.groups() if part)))
    return {kind: frozenset(numbers) for kind, numbers in found.items()}


def apart(one: Doors, other: Doors) -> bool:
    """Whether two texts name doors of one kind, and none of them in common."""
    return any(one[kind].isdisjoint(other[kind]) for kind in one.keys() & other.keys())


def shared(one: Doors, other: Doors) -> bool:
    """Whether two texts name a door in common, and nothing that tells them apart."""
    return bool(one.keys() & other.keys()) and not apart(one, other)


def _number(text: str) -> int:
    """Return the value of digits, or of Chinese numerals below a hundred."""
    if text.isdigit() and text.isascii():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(str(_DIGITS[digit]) for digit in text))
    return 10 * (_DIGITS[tens[-1]] if tens else 1) + (_DIGITS.get(ones[:1], 0))
