"""Records go to the agents in runs of bounded length, the topic-partitions in turn, each in its order."""

from faust.types import TP

from streams.worker.consumer import RUN, runs


def test_runs_take_turns_and_keep_the_order() -> None:
    long, short = TP("a", 0), TP("b", 0)
    found = {long: list(range(2 * RUN + 3)), short: list(range(7))}
    given = list(runs(found))
    assert [(tp, len(run)) for tp, run in given] == [(long, RUN), (short, 7), (long, RUN), (long, 3)]
    assert [each for tp, run in given if tp == long for each in run] == found[long]


def test_nothing_gives_no_runs() -> None:
    assert list(runs({})) == []
    assert list(runs({TP("a", 0): []})) == []
