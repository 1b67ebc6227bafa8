"""The catalogue: what ships, both shapes of files, and what a mistake says."""

from pathlib import Path

import pytest

from schemas.base import Fact, ItemId, Qualification
from schemas.catalogue import CatalogueError, builtin, load_catalogue
from schemas.data import DATA
from schemas.refusals import Refused

ITEMS = "category_id\titem_id\titem_zh\titem_en\n"
GATES = "category_id\tcategory_zh\tcategory_en\tgate\n"


class _Codes(Fact):
    items: tuple[ItemId, ...]
    qualifications: tuple[Qualification, ...]


def _written(directory: Path, items: str, gates: str | None = None) -> Path:
    (directory / "catalogue.tsv").write_text(items, encoding="utf-8")
    if gates is not None:
        (directory / "categories.tsv").write_text(gates, encoding="utf-8")
    return directory


@pytest.mark.parametrize(("name", "categories", "items"), [("cn", 21, 218), ("boston", 53, 159)])
def test_what_ships_is_whole_and_fits_the_events(name: str, categories: int, items: int) -> None:
    catalogue = builtin(name)
    assert (len(catalogue.categories), len(catalogue.items)) == (categories, items)
    assert all(item.zh and item.en for item in catalogue.items.values())
    assert {item.category_id for item in catalogue.items.values()} == set(catalogue.categories)
    _Codes(items=tuple(catalogue.items), qualifications=tuple(catalogue.qualifications))


def test_the_chinese_catalogue_is_the_default_and_speaks_both_languages() -> None:
    catalogue = load_catalogue()
    assert catalogue is builtin("cn")
    assert catalogue.items["elder_care.hair_cut"].zh == "上门理发"
    assert catalogue.items["elder_care.hair_cut"].en == "home haircut"
    assert catalogue.categories["elder_care"].zh == "为老服务"
    assert catalogue.categories["elder_care"].en == "Elder care"


def test_a_shipped_catalogue_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_catalogue(Path("boston")) is builtin("boston")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boston").mkdir()
    with pytest.raises(CatalogueError, match=r"boston/catalogue\.tsv"):  # a directory of that name comes first
        load_catalogue(Path("boston"))
    with pytest.raises(CatalogueError, match=r"paris/catalogue\.tsv"):
        load_catalogue(Path("paris"))


def test_boston_has_english_names_only_and_no_gates() -> None:
    catalogue = builtin("boston")
    assert all(item.zh == item.en for item in catalogue.items.values())
    assert {category.gate for category in catalogue.categories.values()} == {"none"}
    assert catalogue.qualifications == frozenset()


@pytest.mark.parametrize(
    ("category", "risky", "asked"),
    [
        ("health", False, "medical_licence"),
        ("environment", False, None),
        ("environment", True, "insurance"),
        ("relief", True, None),
    ],
)
def test_a_gate_asks_for_a_qualification(category: str, risky: bool, asked: str | None) -> None:
    assert builtin("cn").categories[category].required(risky=risky) == asked


def test_qualifications_are_those_that_gates_ask_for() -> None:
    assert {"insurance", "medical_licence", "vetted_minors"} <= builtin("cn").qualifications
    assert not {"none", "insurance_if_risky"} & builtin("cn").qualifications


def test_siblings_are_the_items_of_one_category() -> None:
    catalogue = builtin("cn")
    siblings = catalogue.items_of("venue")
    assert len(siblings) == 12
    assert {catalogue.category_of(item.item_id).category_id for item in siblings} == {"venue"}
    assert catalogue.items_of("no_such_category") == ()


def test_an_unknown_item_is_refused_by_its_code() -> None:
    with pytest.raises(Refused) as refused:
        builtin("cn").category_of("elder_care.moon_walk")
    assert refused.value.code == "unknown_item"


def test_the_digest_changes_with_content_and_not_with_the_order_of_rows(tmp_path: Path) -> None:
    rows = ["care\tcare.walk\t散步\twalk\n", "care\tcare.talk\t聊天\ttalk\n"]
    texts = [ITEMS + "".join(rows), ITEMS + "".join(reversed(rows)), ITEMS + "".join(rows).replace("散步", "慢走")]
    digests = []
    for number, text in enumerate(texts):
        (tmp_path / str(number)).mkdir()
        gates = GATES + "care\t照护\tcare\tnone\n"
        digests.append(load_catalogue(_written(tmp_path / str(number), text, gates)).digest)
    assert digests[0] == digests[1] != digests[2]


def test_a_catalogue_of_ones_own_may_lack_a_language_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeffcategory_id\tcategory_zh\titem_id\titem_zh\ncare\t照护\tcare.walk\t散步\n\n"
    catalogue = load_catalogue(_written(tmp_path, text))
    assert catalogue.items["care.walk"].en == "散步"
    assert catalogue.categories["care"].en == "照护"


@pytest.mark.parametrize(
    ("items", "gates", "told"),
    [
        (
            ITEMS + "care\tcare.walk\t散步\twalk\n" * 2,
            GATES + "care\t照护\t\tnone\n",
            "catalogue.tsv:3: item care.walk",
        ),
        (ITEMS + "care\thome.walk\t散步\twalk\n", GATES + "care\t照护\t\tnone\n", "catalogue.tsv:2: item home.walk"),
        (
            ITEMS + "care\tCare Walk\t散步\twalk\n",
            GATES + "care\t照护\t\tnone\n",
            "catalogue.tsv:2: item_id 'Care Walk'",
        ),
        (ITEMS + "care\tcare.walk\t\t\n", GATES + "care\t照护\t\tnone\n", "catalogue.tsv:2: neither item_zh"),
        (ITEMS + "care\tcare.walk\t散步\n", GATES + "care\t照护\t\tnone\n", "catalogue.tsv:2: 3 cells under 4"),
        (
            ITEMS + "care\tcare.walk\t散步\twalk\n",
            GATES + "home\t家\t\tnone\n",
            "catalogue.tsv:2: category care is not",
        ),
        (
            ITEMS + "care\tcare.walk\t散步\twalk\n",
            GATES + "care\t照护\t\tno gate\n",
            "categories.tsv:2: gate 'no gate'",
        ),
        (
            ITEMS + "care\tcare.walk\t散步\twalk\n",
            GATES + "care\t照护\t\tnone\n" * 2,
            "categories.tsv:3: category care",
        ),
        ("category_id\titem_zh\n", None, "catalogue.tsv:1: missing columns: item_id"),
        (ITEMS, None, "catalogue.tsv: there is no item"),
        (ITEMS + "care\tcare.walk\t散步\twalk\n", None, "catalogue.tsv:2: neither category_zh"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path: Path, items: str, gates: str | None, told: str) -> None:
    with pytest.raises(CatalogueError) as wrong:
        load_catalogue(_written(tmp_path, items, gates))
    assert told in str(wrong.value)


def test_a_directory_without_a_catalogue_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"catalogue\.tsv: cannot be read"):
        load_catalogue(tmp_path)
    with pytest.raises(CatalogueError, match="paris"):
        builtin("paris")


def test_equal_catalogues_are_equal_keys() -> None:
    again = load_catalogue(DATA / "cn")
    assert again is not builtin("cn")
    assert {again: 1}[builtin("cn")] == 1


# -- everyday words -----------------------------------------------------------------------------------------------


def test_every_item_of_the_chinese_catalogue_has_everyday_words_in_both_languages() -> None:
    for item in builtin("cn").items.values():
        assert sum(not word.isascii() for word in item.words) >= 4, item.item_id
        assert sum(word.isascii() for word in item.words) >= 2, item.item_id
        assert len(set(item.words)) == len(item.words), item.item_id


def _with_words(directory: Path, words: str) -> Path:
    _written(directory, ITEMS + "a\ta.one\t一\tone\na\ta.two\t二\ttwo\n", GATES + "a\t甲\tA\tnone\n")
    (directory / "words.tsv").write_text(words, encoding="utf-8")
    return directory


def test_a_catalogue_of_ones_own_may_bring_everyday_words(tmp_path: Path) -> None:
    read = load_catalogue(_with_words(tmp_path, "item_id\tzh\ten\na.one\t头一个、第一，甲\tfirst; number one\n"))
    assert read.items["a.one"].words == ("头一个", "第一", "甲", "first", "number one")
    assert read.items["a.two"].words == ()


def test_a_column_of_words_may_be_missing_and_an_item_may_stand_there_twice(tmp_path: Path) -> None:
    read = load_catalogue(_with_words(tmp_path, "item_id\ten\na.two\tsecond\na.two\tsecond; next;\n"))
    assert read.items["a.two"].words == ("second", "next")


def test_everyday_words_are_no_part_of_what_a_catalogue_means(tmp_path: Path) -> None:
    """Else a word more would make every read model start over."""
    with_words = load_catalogue(_with_words(tmp_path, "item_id\tzh\na.one\t头一个\n"))
    (tmp_path / "words.tsv").unlink()
    assert with_words.digest == load_catalogue(tmp_path).digest


def test_words_of_an_item_that_is_not_there_are_told_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"words\.tsv:3: item a\.three is not in catalogue\.tsv"):
        load_catalogue(_with_words(tmp_path, "item_id\tzh\na.one\t头一个\na.three\t三\n"))
