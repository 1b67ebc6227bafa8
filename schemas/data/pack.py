"""Pack a listing of regions, or write a packed one out again.

    python -m schemas.data.pack pack regions.tsv.gz schemas/data/cn/regions.npz
    python -m schemas.data.pack unpack schemas/data/cn/regions.npz regions.tsv

The table has a header and two columns, ``code`` (12 digits) and ``name``. Packed: the steps between ascending
codes (int64) and the names, each ended by a line feed, as UTF-8 bytes, in a compressed ``.npz``. Packing the
same table twice gives the same bytes; unpacking gives back the table.
"""

import argparse
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

from schemas.regions import Regions, pad

_FIXED_DATE = (2023, 6, 30, 0, 0, 0)


def pack(table: Path, packed: Path) -> int:
    """Write the packed listing of a table (``.tsv`` or ``.tsv.gz``); return the number of regions."""
    regions = Regions.load(table)
    names = np.frombuffer(regions.names, dtype=np.uint8)
    _write(packed, steps=np.diff(regions.codes, prepend=0), names=names)
    return len(regions)


def unpack(packed: Path, table: Path) -> int:
    """Write a packed listing as a table, ascending by code; return the number of regions."""
    regions = Regions.load(packed)
    lines = [f"{pad(region.code)}\t{region.name}\n" for region in regions]
    table.write_text("code\tname\n" + "".join(lines), encoding="utf-8")
    return len(lines)


def _write(path: Path, **arrays: np.ndarray) -> None:
    """Write an ``.npz`` as NumPy does, but with a fixed date, so that equal content gives equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=_FIXED_DATE)
            archive.writestr(info, member.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main() -> None:
    """Pack or unpack, as the command line says."""
    parser = argparse.ArgumentParser(description="Pack a listing of regions, or write a packed one out again.")
    parser.add_argument("action", choices=["pack", "unpack"])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    action = pack if arguments.action == "pack" else unpack
    sys.stdout.write(f"{action(arguments.source, arguments.target):,} regions\n")


if __name__ == "__main__":
    main()
