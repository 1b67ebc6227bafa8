"""Free text and the catalogue: what is cut, what is suggested, which words are said to speak for it, and how well."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.words.grams import counted, grams, tidied
from api.words.index import BESIDE, Index, Shelf
from deploy.bench.words import Outcome, names_match, nothing, right, sentences
from schemas.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def index(catalogue: Catalogue) -> Index:
    return Index(catalogue)


@pytest.fixture(scope="module")
def first(index: Index) -> Callable[[str], str | None]:
    """Return the item suggested first, or None."""

    def of(text: str) -> str | None:
        found = index.suggest(text, most=1)
        return found[0].item.item_id if found else None

    return of


# -- cutting ------------------------------------------------------------------------------------------------------


def test_chinese_is_cut_into_every_run_of_up_to_three_characters() -> None:
    assert counted("剪头发") == ["剪", "剪头", "剪头发", "头", "头发", "发"]


def test_what_everybody_says_counts_nothing() -> None:
    assert counted("我想请人帮") == []
    assert counted("I would like somebody to help me, please") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("leaking", "leaks"), ("hair cut", "haircut"), ("stopped", "stop"), ("batteries", "battery"), ("ＴＶ", "tv")],
)
def test_words_that_differ_by_an_ending_or_a_space_meet(one: str, other: str) -> None:
    assert set(counted(one)) & set(counted(other))


def test_a_pair_of_words_does_not_reach_across_chinese() -> None:
    assert "fixlaptop" not in counted("fix 电脑 laptop")
    assert "fixlaptop" in counted("fix my laptop")


@given(st.text(max_size=60))
def test_grams_lie_where_they_say(text: str) -> None:
    clean = tidied(text)
    for gram in grams(clean):
        assert 0 <= gram.start < gram.end <= len(clean)
        if not gram.text.isascii():
            assert clean[gram.start : gram.end] == gram.text


# -- suggesting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("请师傅上门给老人剪头发", "elder_care.hair_cut"),
        ("厨房水管漏水，急", "home_repair.plumbing"),
        ("陪我妈去医院看病", "health.clinic_escort"),
        ("Could a barber come to cut her hair?", "elder_care.hair_cut"),
        ("LEAKING PIPE under the sink", "home_repair.plumbing"),
        ("家里 Wi-Fi 连不上网，router 坏了", "digital.network_setup"),
    ],
)
def test_everyday_words_lead_to_the_item(first: Callable[[str], str | None], text: str, item: str) -> None:
    assert first(text) == item


def test_an_item_is_found_by_its_own_names(index: Index, catalogue: Catalogue) -> None:
    """By either name the item itself comes among the first three: a few names hold another's whole name."""
    for item in catalogue.items.values():
        for name in (item.zh, item.en):
            assert item.item_id in [found.item.item_id for found in index.suggest(name, most=3)], name


def test_the_words_that_spoke_are_the_texts_own_the_weightiest_first(index: Index) -> None:
    text = "老人行动不便，想剪头发，最好这周末"
    best = index.suggest(text, most=1)[0]
    assert best.item.item_id == "elder_care.hair_cut"
    assert best.words[0] == "剪头发"
    assert all(word in text for word in best.words)


def test_words_of_an_english_text_are_given_as_they_were_written(index: Index) -> None:
    best = index.suggest("Our toilets are clogged again", most=1)[0]
    assert set(best.words) == {"toilets", "clogged"}


@pytest.mark.parametrize("text", ["", "   ", "你好", "12345", "！？", "我想请人帮忙", "xyzzy plugh", "\u0000"])
def test_where_nothing_fits_nothing_is_suggested(index: Index, text: str) -> None:
    assert index.suggest(text, most=5) == ()


def test_scores_fall_and_what_is_told_beside_the_best_is_not_far_below_it(index: Index) -> None:
    found = index.suggest("楼上漏水，邻居吵架，想请人调解", most=10)
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0 and scores[0] <= 1
    assert scores[-1] >= BESIDE * scores[0] - 0.001
    assert len(index.suggest("楼上漏水，邻居吵架，想请人调解", most=2)) == 2


def test_a_long_story_around_it_does_not_hide_what_is_asked(first: Callable[[str], str | None]) -> None:
    story = "我住在三号楼，今年七十八岁，老伴去年住过院。儿子在外地工作，一年回来一次。"
    assert first(f"{story}现在马桶堵了，水管也漏水，不知道找谁。谢谢各位同志！") == "home_repair.plumbing"


@given(st.text(max_size=80))
def test_any_text_gets_an_answer_and_always_the_same(text: str) -> None:
    index = SHELF.index()
    found = index.suggest(text, most=5)
    assert found == index.suggest(text, most=5)
    assert len({each.item.item_id for each in found}) == len(found) <= 5
    assert all(0 < each.score <= 1 and each.words for each in found)


def test_a_catalogue_without_everyday_words_is_found_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "catalogue.tsv").write_text(
        "category_id\titem_id\titem_zh\tcategory_zh\nhome\thome.lamp\t换灯泡\t家\nhome\thome.lock\t开锁\t家\n",
        encoding="utf-8",
    )
    index = Index(load_catalogue(tmp_path))
    assert [found.item.item_id for found in index.suggest("灯泡坏了想换一个", most=5)] == ["home.lamp"]


def test_the_english_catalogue_of_boston_is_found_in_english() -> None:
    found = Index(load_catalogue(Path("boston"))).suggest("there is a big pothole in our street", most=3)
    assert any("pothole" in each.item.en.lower() for each in found)


def test_the_index_is_made_once(catalogue: Catalogue) -> None:
    shelf = Shelf(catalogue)
    assert shelf.index() is shelf.index()


SHELF = Shelf(load_catalogue())


# -- how well -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcomes(index: Index) -> list[Outcome]:
    return [
        Outcome(sentence, [found.item.item_id for found in index.suggest(sentence.text, most=5)])
        for sentence in sentences("test")
    ]


def test_it_finds_what_people_mean_at_least_as_well_as_the_page_says(outcomes: list[Outcome]) -> None:
    """Floors a little below what ``docs/words.md`` tells, so that a word more or less does not fail the house."""
    found = right(outcomes)
    assert found[1] >= 82
    assert found[3] >= 89
    precision, recall = nothing(outcomes)
    assert precision >= 65
    assert recall >= 65


def test_it_finds_three_times_what_a_match_on_names_does(outcomes: list[Outcome], catalogue: Catalogue) -> None:
    suggest = names_match(catalogue)
    matched = [Outcome(outcome.sentence, suggest(outcome.sentence.text)) for outcome in outcomes]
    assert right(outcomes)[1] >= 3 * right(matched)[1] > 0


@pytest.mark.parametrize(("language", "floor"), [("zh", 84), ("en", 74)])
def test_neither_language_is_left_behind(outcomes: list[Outcome], language: str, floor: float) -> None:
    assert right(outcome for outcome in outcomes if outcome.sentence.language == language)[1] >= floor


def test_no_category_is_left_behind(outcomes: list[Outcome], catalogue: Catalogue) -> None:
    for category in catalogue.categories:
        assert right(outcome for outcome in outcomes if outcome.sentence.category == category)[3] >= 70, category
