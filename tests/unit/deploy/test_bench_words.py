"""The bench of free text: the sentences are whole and fair, and the figures count what they say."""

import pytest

from deploy.bench.words import Outcome, Sentence, chance, names_match, nothing, right, run, sentences
from schemas.catalogue import Catalogue


def outcome(*suggested: str, means: str = "") -> Outcome:
    items = frozenset(means.split()) if means else frozenset()
    return Outcome(Sentence("…", "zh", items, means.partition(".")[0]), suggested)


def test_every_item_has_a_sentence_to_be_found_by(catalogue: Catalogue) -> None:
    asked = sentences("test")
    assert len(asked) >= 300
    assert {item for sentence in asked for item in sentence.items} == set(catalogue.items)
    assert sum(not sentence.items for sentence in asked) >= 40
    assert {sentence.language for sentence in asked} == {"zh", "en"}


def test_what_was_tried_on_is_not_what_is_told(catalogue: Catalogue) -> None:
    test, tune = ({sentence.text for sentence in sentences(part)} for part in ("test", "tune"))
    assert not test & tune
    assert len(test) == len(sentences("test"))
    words = {word for item in catalogue.items.values() for word in item.words}
    assert not (test | tune) & words


def test_shares_are_of_the_sentences_that_mean_an_item() -> None:
    told = [outcome("a.x", "a.y", means="a.x"), outcome("a.y", "a.z", "a.x", means="a.x"), outcome("b.q", means="a.x")]
    assert right([*told, outcome("a.x")]) == {
        1: pytest.approx(100 / 3),
        3: pytest.approx(200 / 3),
        5: pytest.approx(200 / 3),
    }
    assert right([outcome("a.y", means="a.x a.y")])[1] == 100


def test_letting_be_is_told_by_precision_and_recall() -> None:
    told = [outcome(), outcome(), outcome("a.x"), outcome(means="a.x"), outcome("a.x", means="a.x")]
    assert nothing(told) == (pytest.approx(200 / 3), pytest.approx(200 / 3))
    assert nothing([outcome("a.x", means="a.x")]) == (0, 0)


def test_peers_do_what_their_names_say(catalogue: Catalogue) -> None:
    suggest = names_match(catalogue)
    assert suggest("想请人上门理发")[0] == "elder_care.hair_cut"
    assert suggest("home haircut, please")[0] == "elder_care.hair_cut"
    assert suggest("剪头发") == []
    draw = chance(catalogue)
    assert draw("剪头发") == draw("剪头发")
    assert len(set(draw("剪头发"))) == 5


def test_the_report_tells_ours_peers_languages_and_categories(catalogue: Catalogue) -> None:
    report = run()
    told = {figure.name: figure for figure in report.figures}
    assert told["ours: right at once"].value > told["match on names: right at once"].value
    assert told["match on names: right at once"].value > told["chance: right at once"].value
    assert told["chance: of the strays, let be"].value == 0
    assert {f"{category}: right at once" for category in catalogue.categories} <= set(told)
    assert len(report.goals) == 2
