"""Regions: arithmetic on codes, and the shipped listings."""

from pathlib import Path

import numpy as np
import pytest

from schemas.data import DATA
from schemas.data.pack import pack, unpack
from schemas.refusals import Refused
from schemas.regions import (
    Level,
    Place,
    Region,
    Regions,
    covers,
    grid_covers,
    level_of,
    pad,
    parent,
    parse_place,
    place_name,
    prefix_of,
    way_down,
)

CHINA = Regions.builtin("cn")


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("31", Level.PROVINCE),
        ("310000000000", Level.PROVINCE),
        ("3101", Level.CITY),
        ("310105000000", Level.DISTRICT),
        ("310105001", Level.STREET),
        ("310105001000", Level.STREET),
        ("310105001001", Level.COMMUNITY),
        ("441900", Level.DISTRICT),  # the district of a city without districts: as a prefix, a level of its own
        ("441900000000", Level.CITY),
    ],
)
def test_the_level_of_prefixes_and_padded_codes(code: str, level: Level) -> None:
    assert level_of(code) is level


@pytest.mark.parametrize(
    "code", ["", "3", "310", "31010", "0310105", "31010500100", "31O105", "３１", "310105\n", "-1"]
)
def test_what_is_no_code_is_refused_by_its_code(code: str) -> None:
    for function in (level_of, pad, parent, prefix_of):
        with pytest.raises(Refused) as refused:
            function(code)
        assert refused.value.code == "bad_region"


def test_prefix_parent_and_padding() -> None:
    assert prefix_of("310105000000") == "310105"
    assert prefix_of("310105001001", Level.DISTRICT) == "310105"
    assert prefix_of("310105001001", 9) == "310105001"
    assert pad("310105") == "310105000000"
    assert parent("310105001001") == "310105001"
    assert parent("310105000000") == "3101"
    assert parent("31") is None
    with pytest.raises(ValueError, match="ends above"):
        prefix_of("310105", Level.STREET)


@pytest.mark.parametrize(
    ("prefix", "code", "inside"),
    [
        ("310105", "310105001001", True),
        ("310105000000", "310105001001", True),
        ("310105", "310105", True),
        ("310105", "310106001001", False),
        ("310105001", "310105", False),
        ("310105001001", "310105001001", True),
    ],
)
def test_a_region_covers_what_lies_below_it(prefix: str, code: str, inside: bool) -> None:
    assert covers(prefix, code) is inside


def test_grids_hang_below_a_community() -> None:
    assert parse_place("310105001001") == Place("310105001001", "")
    assert parse_place("310105001001-G03-02") == Place("310105001001", "G03-02")
    assert grid_covers("G03", "G03-02")
    assert grid_covers("", "G03")
    assert not grid_covers("G03", "G031")
    assert not grid_covers("G03-02", "G03")


@pytest.mark.parametrize(
    "text", ["310105-G03", "310105001001-", "310105001001-X1", "310105001001-G03-", "310105001001 G3"]
)
def test_a_grid_that_does_not_hang_below_a_community_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_region"):
        parse_place(text)


def test_the_whole_country_ships() -> None:
    levels = [len(CHINA.children(level=level)) for level in Level]
    assert levels == [31, 342, 2_975, 41_351, 124_649]
    assert len(CHINA) == sum(levels) == 169_348


def test_changning_has_ten_streets_and_189_communities() -> None:
    assert CHINA.name("310105") == CHINA.name("310105000000") == "长宁区"
    streets = CHINA.children("310105")
    assert len(streets) == 10
    assert streets[0] == Region("310105001", "华阳路街道")
    communities = CHINA.communities("310105")
    assert len(communities) == 189
    assert all(covers("310105", region.code) and level_of(region.code) is Level.COMMUNITY for region in communities)
    assert CHINA.children("310105", level=Level.COMMUNITY) == communities


def test_a_path_leads_from_the_province_to_the_community() -> None:
    assert CHINA.path("310105001001") == [
        ("31", "上海市"),
        ("3101", "市辖区"),
        ("310105", "长宁区"),
        ("310105001", "华阳路街道"),
        ("310105001001", "华一居委会"),
    ]


def test_a_city_without_districts_is_named_once() -> None:
    assert [name for _, name in CHINA.path("441900003000")] == ["广东省", "东莞市", "东城街道"]
    assert CHINA.children("4419")[0] == Region("441900003", "东城街道")
    assert CHINA.name("441900") == "东莞市"


def test_an_unknown_but_well_formed_code_is_no_error() -> None:
    assert not CHINA.known("310105999999")
    assert CHINA.name("310105999999") == "310105999999"
    assert CHINA.name("310105999999", "?") == "?"
    assert CHINA.path("310105999")[-2:] == [Region("310105", "长宁区"), Region("310105999", "310105999")]
    assert CHINA.children("310105999") == []
    assert not CHINA.known("999999999999")
    assert not CHINA.known("100000000000")


def test_search_finds_names_upper_levels_first() -> None:
    found = CHINA.search("长宁")
    assert found[0] == Region("310105", "长宁区")
    assert [len(region.code) for region in found] == sorted(len(region.code) for region in found)
    assert CHINA.search("新华", within="310105") == [
        Region("310105004", "新华路街道"),
        Region("310105004008", "新华居委会"),
    ]
    assert len(CHINA.search("居委会", limit=7)) == 7
    assert CHINA.search(" ") == CHINA.search("华阳路街道\n江苏路") == CHINA.search("没有这个地方") == []


def test_boston_has_neighbourhoods_and_cells() -> None:
    boston = Regions.builtin("boston")
    assert len(boston) == 406
    assert boston.name("990101") == "Boston"
    assert len(boston.children("990101")) == 23
    assert boston.path("990101010003")[-1].name == "Downtown / Financial District cell 003"


def test_unpacking_and_packing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    shipped = DATA / "cn" / "regions.npz"
    assert unpack(shipped, tmp_path / "regions.tsv") == 169_348
    lines = (tmp_path / "regions.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["code\tname", "110000000000\t北京市"]
    assert "310105001001\t华一居委会" in lines
    assert pack(tmp_path / "regions.tsv", tmp_path / "again.npz") == 169_348
    assert (tmp_path / "again.npz").read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code\tname\n310105\n", r"regions\.tsv:2: a row holds"),
        ("code\tname\n31\t上海市\n31O1\tx\n", r"regions\.tsv:3: bad_region"),
        ("code\tname\n31\ta\n310000000000\tb\n", "ascending codes"),
    ],
)
def test_a_broken_table_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "regions.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        Regions.load(tmp_path / "regions.tsv")


def test_a_file_that_is_no_listing_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK not a zip")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    for name in ("broken.npz", "other.npz"):
        with pytest.raises(ValueError, match=name):
            Regions.load(tmp_path / name)
    with pytest.raises(ValueError, match="paris"):
        Regions.builtin("paris")


@pytest.mark.parametrize("place", ["310105001001", "310105001001-G03", "310105001001-G03-02-A"])
def test_a_place_is_told_in_one_word_and_read_back(place: str) -> None:
    community, grid = parse_place(place)
    assert place_name(community, grid or None) == place


def test_the_way_down_to_a_place_names_every_level() -> None:
    assert way_down("") == ("",)
    assert way_down("310105") == ("", "31", "3101", "310105")
    upper = ("", "31", "3101", "310105", "310105001", "310105001001")
    assert way_down("310105001001-G03-02") == (*upper, "310105001001-G03", "310105001001-G03-02")
