"""The one reason among what a Kafka client logs while it gets no connection."""

import logging

import pytest

from streams.kafka.complaints import heard

CLIENT = logging.getLogger("kafka.net.connection")
WRONG = "SaslAuthenticationFailedError: invalid credentials"


def test_the_reason_that_tells_most_is_kept_and_nothing_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    with heard() as complaints:
        for reason in ("KafkaConnectionError: socket disconnected", WRONG, "KafkaConnectionError: socket disconnected"):
            CLIENT.error("<KafkaConnection node_id=1>: Connection lost: %s", reason)
        CLIENT.error("Bootstrap failed: time is up")
    assert complaints.reason == WRONG
    assert caplog.records == []


def test_a_dull_reason_is_better_than_none() -> None:
    with heard() as complaints:
        CLIENT.error("Connection lost: %s", "socket disconnected")
    assert complaints.reason == "socket disconnected"


def test_a_last_attempt_that_had_no_time_left_says_least() -> None:
    with heard() as complaints:
        for reason in ("KafkaConnectionError: socket disconnected", "RequestTimedOutError: timed out after 2 ms"):
            CLIENT.error("Connection lost: %s", reason)
    assert "they want TLS or a login" in complaints.explained(security="SSL")


def test_afterwards_the_client_is_heard_by_all_again(caplog: pytest.LogCaptureFixture) -> None:
    with heard():
        pass
    CLIENT.error("Connection lost: later")
    assert [record.getMessage() for record in caplog.records] == ["Connection lost: later"]
