"""How much may be refused before a worker stops, and where the next one begins to count."""

import pytest

from schemas.refusals import Refused
from streams.limits import WINDOW, RefusalLimits, TooManyRefusedError
from streams.log import Record, TopicPartition

REFUSAL = Refused("invalid_json", "not JSON at all")
PLACE = TopicPartition("cobuild.demands.v1", 3)


def refuse(limits: RefusalLimits, *offsets: int, partition: int = 3) -> None:
    for offset in offsets:
        limits.refuse(Record(PLACE.topic, partition, offset, b"310105", b"?", (), 0), REFUSAL)


def test_as_many_in_a_row_as_allowed_pass_and_one_more_does_not() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=1)
    refuse(limits, *range(100, 110))
    with pytest.raises(TooManyRefusedError) as caught:
        refuse(limits, 110)
    text = str(caught.value)
    for part in (PLACE.topic, "partition 3", "offset 110", "invalid_json", "not JSON", "COBUILD_REFUSED_IN_A_ROW"):
        assert part in text


def test_one_that_passes_begins_the_row_anew() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=1)
    refuse(limits, *range(10), *range(11, 21), *range(22, 32))


def test_partitions_are_counted_apart() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=1)
    refuse(limits, *range(10))
    refuse(limits, *range(10), partition=2)
    with pytest.raises(TooManyRefusedError, match="partition 2"):
        refuse(limits, 10, partition=2)


def test_every_third_of_the_last_five_thousand_is_too_much_where_a_quarter_is_allowed() -> None:
    limits = RefusalLimits(in_a_row=0, ratio=0.25)
    with pytest.raises(TooManyRefusedError, match=rf"1251 of the last {WINDOW}, up to offset 3750 .*REFUSED_RATIO"):
        refuse(limits, *range(0, WINDOW, 3))


def test_every_third_may_pass_where_half_is_allowed_and_old_ones_are_forgotten() -> None:
    limits = RefusalLimits(in_a_row=0, ratio=0.5)
    refuse(limits, *range(0, 20 * WINDOW, 3))


def test_no_limits_let_everything_pass() -> None:
    refuse(RefusalLimits(in_a_row=0, ratio=1), *range(3 * WINDOW))


def test_nothing_needs_to_be_counted_again_while_little_is_refused() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=0.5)
    assert limits.oldest(PLACE) is None
    refuse(limits, 1, 2, 3, 90, 91)
    assert limits.oldest(PLACE) is None


def test_a_row_that_has_come_half_way_is_counted_again_from_its_start() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=0.5)
    refuse(limits, 1, *range(50, 56))
    assert limits.oldest(PLACE) == 50


def test_a_ratio_that_has_come_half_way_is_counted_again_from_the_first_in_the_window() -> None:
    limits = RefusalLimits(in_a_row=0, ratio=0.1)
    refuse(limits, *range(1000, 1000 + 4 * 251, 4))
    assert limits.oldest(PLACE) == 1000


def test_a_worker_that_starts_anew_stops_at_the_same_record() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=1)
    refuse(limits, *range(40, 46))
    oldest = limits.oldest(PLACE)
    assert oldest is not None
    anew = RefusalLimits(in_a_row=10, ratio=1)
    with pytest.raises(TooManyRefusedError, match="offset 50 "):
        refuse(anew, *range(oldest, 60))


def test_a_partition_that_went_is_forgotten() -> None:
    limits = RefusalLimits(in_a_row=10, ratio=1)
    refuse(limits, *range(8))
    limits.drop(3)
    assert limits.oldest(PLACE) is None
    refuse(limits, *range(8, 18))
