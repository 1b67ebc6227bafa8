"""The admission list: what ships, whose demands are held against it, and what a mistake in it says."""

from pathlib import Path
from typing import Any

import pytest

from schemas.admission import Admission, by_department
from schemas.catalogue import CatalogueError, load_catalogue
from schemas.demands import Channel
from tests.builders import HAIR, HERE, LAMP, SMALL_CATALOGUE, demand

HEAD = "matter\tadmitted\tzh\ten\n"
OFFICE, COMPANY = "unit:11310105MB2F30147X", "unit:91310105MA1FW0008T"


def _written(directory: Path, rows: str, head: str = HEAD) -> Path:
    path = directory / "admission.tsv"
    path.write_text(head + rows, encoding="utf-8")
    return path


def _loaded(directory: Path, rows: str) -> Admission:
    return Admission.load(_written(directory, rows), catalogue=SMALL_CATALOGUE)


def test_the_shipped_list_decides_every_item_with_a_reason_in_both_languages() -> None:
    catalogue = load_catalogue()
    shipped = Admission.load(Path("cn"), catalogue=catalogue)
    assert all(shipped.of(item) for item in catalogue.items)
    assert all(matter.zh and matter.en and not matter.zh.isascii() for matter in shipped.matters.values())
    refused = [item for item in catalogue.items if not shipped.admits(item)]
    assert "digital.data_entry_help" in refused
    assert "elder_care.hair_cut" not in refused
    assert 0 < len(refused) < len(catalogue.items) / 4


def test_an_items_own_line_goes_before_its_categorys(tmp_path: Path) -> None:
    admission = _loaded(tmp_path, f"care\tyes\t直接服务居民\tserves residents\n{HAIR}\tno\t理发店的事\ta barber's\n")
    assert not admission.admits(HAIR)
    assert admission.admits("care.meal")
    matter = admission.of(HAIR)
    assert matter and matter.en == "a barber's"


def test_what_the_list_does_not_name_is_not_admitted(tmp_path: Path) -> None:
    admission = _loaded(tmp_path, "care\tyes\t直接服务居民\t\n")
    assert admission.of(LAMP) is None
    assert not admission.admits(LAMP)


def test_a_reason_missing_in_one_language_is_taken_from_the_other(tmp_path: Path) -> None:
    matter = _loaded(tmp_path, "care\tyes\t直接服务居民\t\n").matters["care"]
    assert (matter.zh, matter.en) == ("直接服务居民", "直接服务居民")


def test_the_version_follows_the_content_and_not_the_order(tmp_path: Path) -> None:
    one, other = "care\tyes\t好\tgood\n", f"{LAMP}\tno\t不\tno\n"
    assert _loaded(tmp_path, one + other).version == _loaded(tmp_path, other + one).version
    assert _loaded(tmp_path, one).version != _loaded(tmp_path, one.replace("yes", "no")).version


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("care\tyes\t好\tgood\ncare\tno\t不\tno\n", r"admission\.tsv:3: care stands here twice"),
        ("care.moon\tyes\t好\tgood\n", r":2: care\.moon is neither an item nor a category"),
        ("care\tmaybe\t好\tgood\n", r":2: admitted is 'maybe', neither yes nor no"),
        ("care\tno\t\t\n", r":2: neither zh nor en holds a reason"),
        ("care\tno\n", r":2: 2 cells under 4 columns"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        _loaded(tmp_path, rows)


def test_a_list_that_is_not_there_or_lacks_a_column_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"none\.tsv: cannot be read"):
        Admission.load(tmp_path / "none.tsv", catalogue=SMALL_CATALOGUE)
    with pytest.raises(CatalogueError, match="missing columns: admitted"):
        Admission.load(_written(tmp_path, "care\t好\tgood\n", "matter\tzh\ten\n"), catalogue=SMALL_CATALOGUE)


@pytest.mark.parametrize(
    ("changes", "department"),
    [
        ({"requester": OFFICE}, True),
        ({"requester": f"{OFFICE}/2"}, True),
        ({"requester": f"community:{HERE}", "channel": Channel.UNIT}, True),
        ({"requester": "system:hotline", "channel": Channel.UNIT}, True),
        ({"requester": f"community:{HERE}", "channel": Channel.HOTLINE}, False),
        ({"requester": COMPANY}, False),
        ({"requester": COMPANY, "channel": Channel.UNIT}, False),
        ({"requester": "member:m-1"}, False),
    ],
)
def test_whose_demands_are_departments_matters(changes: dict[str, Any], department: bool) -> None:
    assert by_department(demand("d1", **changes)) is department
