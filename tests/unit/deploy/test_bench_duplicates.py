"""The bench of duplicates: pairs are counted both ways, and a small district is asked as a large one would be."""

import pytest

from api.words.duplicates import Duplicate, Saying, said
from deploy.bench.duplicates import Count, Wish, count, run, same_item_and_time, same_words
from tests.builders import SAME_STREET, demand, window


def test_pairs_are_told_true_or_both() -> None:
    one, two, three = (Wish(said(demand(name)), group) for name, group in (("d1", "g"), ("d2", "g"), ("d3", "")))

    def first_only(of: Saying, among: object) -> list[Duplicate]:
        return [Duplicate(other.says, 1, ()) for other in (two, three) if of.id == "d1"]

    found = count([one, two, three], first_only)
    assert found == Count(told=2, true=2, both=1)
    assert (found.precision, found.recall) == (50, 50)
    assert count([three], first_only).precision == 0


def test_peers_do_what_their_names_say() -> None:
    entries = [demand("d1"), demand("d2", window=window(24, 27)), demand("d3", community=SAME_STREET)]
    here, later, there, again = (said(each) for each in (*entries, demand("d4", title="另一个说法")))
    assert [each.other.id for each in same_item_and_time(here, [here, later, there, again])] == ["d4"]
    assert [each.other.id for each in same_words(here, [here, later, there, again])] == ["d2", "d3"]


def test_the_report_tells_ours_peers_and_the_time_it_takes() -> None:
    report = run(entries=60, questions=6)
    told = {figure.name: figure for figure in report.figures}
    assert told["ours: of what is told, so"].value > told["same item and time: of what is told, so"].value
    assert told["a question among 60 open demands, p50"].value > 0
    assert float(told["a question among 60 open demands, p50"].note.split()[0]) == pytest.approx(1, abs=10)
    assert len(report.goals) == 3
