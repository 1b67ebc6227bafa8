"""What a watchdog takes for a stall: behind, and not moving for too long."""

from streams.worker.watchdog import Distance, Stalls


def test_what_moves_or_has_arrived_is_no_stall() -> None:
    stalls = Stalls(stall_s=10)
    for second in range(100):
        assert stalls.look({"moving": Distance(second // 5, 1000), "there": Distance(7, 7)}, now=second) is None


def test_what_stands_behind_for_too_long_is_named() -> None:
    stalls = Stalls(stall_s=10)
    assert stalls.look({"demands": Distance(5, 9), "others": Distance(0, 9)}, now=0) is None
    assert stalls.look({"demands": Distance(5, 12), "others": Distance(1, 9)}, now=9) is None
    told = stalls.look({"demands": Distance(5, 15), "others": Distance(2, 9)}, now=11)
    assert told is not None
    assert told.startswith("demands has stood at 5 for 11 s")


def test_a_place_that_went_or_arrived_meanwhile_is_counted_anew() -> None:
    stalls = Stalls(stall_s=10)
    for now, distances in enumerate([{"a": Distance(5, 9)}, {}, {"a": Distance(5, 9)}, {"a": Distance(5, 5)}]):
        assert stalls.look(distances, now=6 * now) is None
    assert stalls.look({"a": Distance(5, 9)}, now=24) is None
    assert stalls.look({"a": Distance(5, 9)}, now=35) is not None


def test_a_break_of_the_log_does_not_count() -> None:
    stalls = Stalls(stall_s=10)
    assert stalls.look({"a": Distance(5, 9)}, now=0) is None
    stalls.forget()
    assert stalls.look({"a": Distance(5, 9)}, now=20) is None
