"""Regions 区划: the arithmetic of statistical division codes, and their names.

A code has 12 digits: province 2, city 4, district 6, street 9, community 12; upper levels are padded with
zeros. A prefix is a code's leading 2, 4, 6, 9 or 12 digits and stands for everything below it. A padded code
(``310105000000``) and its prefix (``310105``) mean the same; functions here take both and return prefixes.
Codes change every year: one that is well formed but not listed is worth a warning, never an error.
"""

import gzip
import re
from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from schemas.data import DATA
from schemas.refusals import Refused


class Level(IntEnum):
    """The five levels; the value is how many digits name a region of that level."""

    PROVINCE = 2
    CITY = 4
    DISTRICT = 6
    STREET = 9
    COMMUNITY = 12


class Region(NamedTuple):
    """A region's prefix and its name."""

    code: str
    name: str


class Place(NamedTuple):
    """A community and, below it, a grid suffix such as ``G03-02``, or an empty one."""

    community: str
    grid: str


_WIDTHS = frozenset(level.value for level in Level)
_PREFIX = re.compile(r"[1-9][0-9]{1,11}", re.ASCII)
_GRID = re.compile(r"G[0-9A-Z]{1,8}(?:-[0-9A-Z]{1,8}){0,5}", re.ASCII)


def level_of(code: str) -> Level:
    """Return the level of a prefix, or of a padded code; raise Refused ``bad_region`` where it is neither."""
    if not _PREFIX.fullmatch(code) or len(code) not in _WIDTHS:
        raise Refused("bad_region", f"{code[:40]!r} has not 2, 4, 6, 9 or 12 digits")
    if len(code) < Level.COMMUNITY:
        return Level(len(code))
    return next(level for level in Level if not code[level:].strip("0"))


def prefix_of(code: str, level: int | None = None) -> str:
    """Return the prefix of a code at ``level`` (its own by default); ValueError where the code ends above it."""
    own = level_of(code)
    wanted = own if level is None else Level(level)
    if wanted > max(own, len(code)):
        raise ValueError(f"{code} ends above the level of {wanted} digits")
    return code[:wanted]


def pad(code: str) -> str:
    """Return the 12-digit code of a prefix."""
    level_of(code)
    return code.ljust(Level.COMMUNITY, "0")


def parent(code: str) -> str | None:
    """Return the prefix one level up, or None for a province."""
    above = [level for level in Level if level < level_of(code)]
    return code[: above[-1]] if above else None


def covers(prefix: str, code: str) -> bool:
    """Whether ``code`` lies in the region of ``prefix``; a region covers itself."""
    return code.startswith(prefix_of(prefix))


def parse_place(text: str) -> Place:
    """Split ``310105001001-G03-02`` into community and grid; raise Refused ``bad_region``."""
    community, _, grid = text.partition("-")
    if level_of(community) is not Level.COMMUNITY or (grid and not _GRID.fullmatch(grid)):
        raise Refused("bad_region", f"{text[:60]!r} is not a community code with a grid suffix such as -G03-02")
    if text.endswith("-"):
        raise Refused("bad_region", f"{text[:60]!r} ends with a dash")
    return Place(community, grid)


def place_name(community: str, grid: str | None) -> str:
    """Return a community and a grid as one text, ``310105001001-G03-02``; the inverse of ``parse_place``."""
    return f"{community}-{grid}" if grid else community


def way_down(place: str) -> tuple[str, ...]:
    """Return every region that a place lies in, the whole country ("") first and the place itself last.

    A place is a prefix, or a community with a grid of any depth.
    """
    code, *cells = place.split("-")
    regions = ["", *(code[:level] for level in Level if level <= len(code))]
    for cell in cells:
        regions.append(f"{regions[-1]}-{cell}")
    return tuple(regions)


def grid_covers(outer: str, inner: str) -> bool:
    """Whether grid ``inner`` is ``outer`` or lies below it; the empty suffix is the whole community."""
    return not outer or inner == outer or inner.startswith(f"{outer}-")


def _row(line: str, where: str) -> tuple[int, str]:
    code, tab, name = line.partition("\t")
    if not tab or not name.strip():
        raise ValueError(f"{where}: a row holds a code, a tab and a name")
    try:
        return int(pad(code)), name.strip()
    except Refused as error:
        raise ValueError(f"{where}: {error}") from error


class Regions:
    """A listing of regions: sorted codes beside one text of names, looked up by binary search.

    Holds ``codes`` (n,) int64 in ascending order and the names as one UTF-8 text, each ended by a line feed.
    No Python string is made before somebody asks for a name.
    """

    def __init__(self, *, codes: npt.NDArray[np.int64], names: bytes) -> None:
        self.codes = codes
        self.names = names
        self._ends = np.flatnonzero(np.frombuffer(names, dtype=np.uint8) == ord("\n"))
        if len(self._ends) != len(codes) or not bool((codes[1:] > codes[:-1]).all()):
            raise ValueError("a listing needs ascending codes, each with one name")

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a packed listing (``.npz``) or a table of codes and names (``.tsv``, ``.tsv.gz``); None: the shipped.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is no listing.
        """
        path = path or DATA / "cn" / "regions.npz"
        return cls._packed(path) if path.suffix == ".npz" else cls._table(path)

    @classmethod
    def _packed(cls, path: Path) -> Self:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(codes=np.cumsum(arrays["steps"], dtype=np.int64), names=arrays["names"].tobytes())
        except (KeyError, ValueError, BadZipFile) as error:
            raise ValueError(f"{path}: no packed listing of regions: {error}") from error

    @classmethod
    def _table(cls, path: Path) -> Self:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
        lines = list(enumerate(text.split("\n"), start=1))[1:]
        rows = sorted(_row(line, f"{path}:{number}") for number, line in lines if line.strip())
        codes = np.array([code for code, _ in rows], dtype=np.int64)
        return cls(codes=codes, names="".join(f"{name}\n" for _, name in rows).encode())

    @staticmethod
    @cache
    def builtin(name: str) -> "Regions":
        """Return a shipped listing: ``cn`` (China, June 2023) or ``boston`` (under the private-use prefix 99)."""
        files = {"cn": DATA / "cn" / "regions.npz", "boston": DATA / "boston" / "regions.tsv"}
        if name not in files:
            raise ValueError(f"there is no shipped listing {name!r}; there are {sorted(files)}")
        return Regions.load(files[name])

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Region]:
        """Every region in ascending order of padded codes."""
        return (self._at(index) for index in range(len(self)))

    def known(self, code: str) -> bool:
        """Whether the listing has this code or prefix."""
        return self._find(code) is not None

    def name(self, code: str, default: str | None = None) -> str:
        """Return the name of a code or prefix; where it is not listed, ``default``, or the code itself."""
        found = self._find(code)
        if found is None:
            return code if default is None else default
        return self._name_at(found)

    def path(self, code: str) -> list[Region]:
        """Return the regions from the province down to ``code``; one that is not listed is named by its code.

        A level that shares its padded code with the one above (a city without districts) is left out.
        """
        own = level_of(code)
        prefixes = [code[:level] for level in Level if level <= own]
        return [
            Region(prefix, self.name(prefix))
            for above, prefix in zip(["", *prefixes], prefixes, strict=False)
            if not above or pad(above) != pad(prefix)
        ]

    def children(self, code: str | None = None, level: int | None = None) -> list[Region]:
        """Return the listed regions of ``level`` below ``code`` (None: below the whole country).

        Without a level: those of the next level down at which there are any.
        """
        own = 0 if code is None else level_of(code)
        levels = [Level(level)] if level is not None else [below for below in Level if below > own]
        for wanted in levels:
            if found := self._below(code, wanted):
                return found
        return []

    def communities(self, prefix: str | None = None) -> list[Region]:
        """Return the listed communities in a region, in ascending order."""
        return self._below(prefix, Level.COMMUNITY)

    def search(self, fragment: str, *, within: str | None = None, limit: int = 20) -> list[Region]:
        """Return up to ``limit`` regions whose name holds ``fragment``, upper levels first, in ascending order."""
        wanted = fragment.strip().encode()
        if not wanted or b"\n" in wanted:
            return []
        first, last = self._span(within)
        found = re.finditer(re.escape(wanted), self.names[self._start(first) : self._start(last)])
        offsets = np.fromiter((match.start() for match in found), dtype=np.int64) + self._start(first)
        hits = np.unique(np.searchsorted(self._ends, offsets))
        zeros = sum((self.codes[hits] % 10 ** (Level.COMMUNITY - level) == 0).astype(np.int8) for level in Level)
        best = hits[np.argsort(-zeros, kind="stable")][: max(limit, 0)]
        return [self._at(int(hit)) for hit in best]

    def _below(self, code: str | None, level: Level) -> list[Region]:
        """Return the regions whose own level is ``level``, by arithmetic on the codes under ``code``."""
        first, last = self._span(code)
        codes = self.codes[first:last]
        unit = 10 ** (Level.COMMUNITY - level)
        above = 10 ** (Level.COMMUNITY - max(other for other in (0, *Level) if other < level))
        hits = np.flatnonzero((codes % unit == 0) & (codes % above != 0))
        return [self._at(first + int(hit)) for hit in hits]

    def _span(self, code: str | None) -> tuple[int, int]:
        """Return the half-open range of places under a region; the region itself is its first."""
        if code is None:
            return 0, len(self)
        prefix = prefix_of(code)
        unit = 10 ** (Level.COMMUNITY - len(prefix))
        first, last = np.searchsorted(self.codes, [int(prefix) * unit, (int(prefix) + 1) * unit])
        return int(first), int(last)

    def _find(self, code: str) -> int | None:
        wanted = int(pad(code))
        index = int(np.searchsorted(self.codes, wanted))
        return index if index < len(self) and int(self.codes[index]) == wanted else None

    def _start(self, index: int) -> int:
        return int(self._ends[index - 1]) + 1 if index else 0

    def _name_at(self, index: int) -> str:
        return self.names[self._start(index) : int(self._ends[index])].decode()

    def _at(self, index: int) -> Region:
        return Region(prefix_of(str(self.codes[index])), self._name_at(index))
