"""The desk for dead letters on a real broker: all that holds on the embedded log, and what only Kafka knows."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition

from schemas.topics import DEMANDS
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Log
from tests.builders import NOON, SHARD, offered, posted
from tests.integration.test_deadletter_desk import (  # noqa: F401 - collected here, to run on this log
    LATER,
    book_of,
    letter_of,
    loop,
    misdirected,
    replay,
    test_a_misdirected_record_finds_its_shard_and_is_matched,
    test_a_record_refused_by_two_readers_is_one_letter,
    test_an_empty_log_has_an_empty_book,
    test_letters_are_found_by_topic_code_time_and_name,
    test_many_go_back_in_the_order_in_which_they_lay,
    test_nothing_is_replayed_twice_unless_asked_for,
    test_personal_data_stays_where_it_is,
    test_the_decision_log_is_not_written_by_hand,
    test_the_newest_are_returned_and_all_are_counted,
    test_what_is_appended_again_is_the_record_as_it_came,
    test_what_is_refused_again_gets_a_letter_of_its_own,
    test_what_lies_among_the_letters_and_is_none_is_counted,
    test_what_would_be_refused_for_certain_is_not_appended,
)
from tests.kafka.cluster import RealKafka
from tests.loops import loop_on, proposals, record_draft, tell

pytestmark = pytest.mark.kafka

PARTITIONS = 4


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"g{uuid4().hex[:8]}.", partitions=PARTITIONS)


@pytest.fixture
async def log(connection: KafkaConnection) -> AsyncIterator[Log]:
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test")
    yield log
    await log.close()


async def test_a_record_in_the_wrong_partition_is_put_where_its_key_belongs(log: KafkaLog) -> None:
    office = loop_on(log)
    await tell(log, offered("r1"))
    home = log.partition_of(SHARD.encode())
    (lost,) = await log.append_to(DEMANDS.name, (home + 1) % PARTITIONS, [record_draft(posted("d1"))])
    await office.step(NOON)
    assert (await letter_of(log)).refused.code == "wrong_key"
    (report,) = await replay(log)
    assert (report.outcome, report.new_key) == ("replayed", None)
    assert report.position is not None
    assert report.position.partition == home
    await office.step(LATER)
    assert [proposal.demand_id for proposal in await proposals(log)] == ["d1"]
    (fate,) = (await book_of(log)).replays_of(lost)
    assert fate.fate == "taken"
    await office.close()


async def test_a_record_that_the_broker_deleted_is_gone(log: KafkaLog, connection: KafkaConnection) -> None:
    office = loop_on(log)
    lost, kept = await log.append(DEMANDS.name, [misdirected("d1"), misdirected("d2")])
    await office.step(NOON)
    with KafkaAdminClient(**connection.client_options()) as admin:
        place = KafkaPartition(connection.topic(DEMANDS.name), lost.partition)
        admin.delete_records({place: lost.offset + 1})
    outcomes = {report.letter.place: report.outcome for report in await replay(log, rekey=True)}
    assert outcomes == {lost: "gone", kept: "replayed"}
    await office.close()
