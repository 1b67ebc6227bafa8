"""Both clients reach a broker that wants TLS and a login, and neither reaches it wrongly; secrets stay secret."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import deploy.worker
from deploy.kafka.ports import free_ports
from deploy.settings import CobuildSettings
from streams.kafka.admin import apply_topics
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Draft, LogError
from streams.worker.worker import Worker
from tests.kafka.processes import POLICY, Cobuild, offer, until, wish
from tests.kafka.secure import PASSWORD, SecureKafka, secure_kafka

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
TOPIC = "cobuild.demands.v1"
WRONG = {
    "password": ({"password": "wrong-horse"}, "login|Authentication failed"),
    "user": ({"username": "nobody"}, "login|Authentication failed"),
    "authority": ({"ca": None}, "CERTIFICATE_VERIFY_FAILED"),
    "no TLS": ({"security": "SASL_PLAINTEXT"}, "login"),
    "no login": ({"security": "SSL"}, "want TLS or a login"),
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("secure")) as found:
        apply_topics(found.connection(), partitions=3)
        yield found


async def test_the_log_is_reached_with_the_right_login(broker: SecureKafka) -> None:
    log = await KafkaLog.open(broker.connection(), partitions=3, client_id="test")
    try:
        [position] = await log.append(TOPIC, [Draft(b"310105", b"{}")])
        assert position.topic == TOPIC
    finally:
        await log.close()


@pytest.mark.parametrize("case", WRONG)
async def test_the_log_is_not_reached_wrongly(broker: SecureKafka, case: str) -> None:
    changes, words = WRONG[case]
    with pytest.raises(LogError, match=words) as refused:
        await KafkaLog.open(broker.connection(**changes), partitions=3, client_id="test", patience_s=3)
    assert "horse" not in str(refused.value), "no password in messages"


async def test_a_broker_that_is_named_otherwise_is_not_believed(broker: SecureKafka) -> None:
    wrong = broker.connection(bootstrap=(broker.misnamed,))
    with pytest.raises(LogError, match=r"certificate is not valid for '127\.0\.0\.1'"):
        await KafkaLog.open(wrong, partitions=3, client_id="test", patience_s=3)


@pytest.mark.parametrize("case", ["password", "authority", "name"])
async def test_faust_is_refused_too(
    broker: SecureKafka,
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its client is another: aiokafka. The log beside it is reached rightly here, or the worker would not begin."""
    changes, words = {
        "password": ({"password": "wrong-horse"}, "SaslAuthenticationFailed"),
        "authority": ({"ca": None}, "CERTIFICATE_VERIFY_FAILED"),
        "name": ({"bootstrap": (broker.misnamed,)}, "certificate is not valid for '127.0.0.1'"),
    }[case]
    for name, value in broker.environment(COBUILD_DATA_DIR=str(tmp_path), COBUILD_PARTITIONS="3").items():
        monkeypatch.setenv(name, value)

    def misled(*, connection: KafkaConnection, **options: object) -> Worker:
        assert connection == broker.connection()
        return Worker(connection=broker.connection(**changes), **options)  # type: ignore[arg-type]

    monkeypatch.setattr(deploy.worker, "Worker", misled)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(60), deploy.worker.open_worker(CobuildSettings()) as worker:
            with pytest.raises(Exception, match="Unable to bootstrap"):
                await worker.run()
    said = [record.getMessage() for record in caplog.records]
    assert any(words in line for line in said), said
    assert not any("horse" in line for line in said), "no password in messages"


def test_the_whole_product_runs_there_and_keeps_the_password_to_itself(broker: SecureKafka, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    port = str(free_ports(1)[0])
    settings = broker.environment(
        COBUILD_DATA_DIR=str(tmp_path / "data"), COBUILD_PARTITIONS="3", COBUILD_POLICY=str(policy), COBUILD_PORT=port
    )
    process = Cobuild("up", environment=settings, directory=tmp_path)
    try:
        process.wait_until("is up: http")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            assert http.post("/v1/resources", json=offer("r-1")).status_code == 201
            assert http.post("/v1/demands", json=wish("d-1")).status_code == 201
            until(lambda: bool(http.get("/v1/assignments").json()["rows"]), "nothing is matched", process=process)
        assert len(_family(process.pid)) == 4
        assert not any(PASSWORD.encode() in _command_line(pid) for pid in _family(process.pid))
        assert process.end(signal.SIGTERM) == 0
        assert PASSWORD not in process.said
    finally:
        process.close()
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert kept
    assert not any(PASSWORD.encode() in path.read_bytes() for path in kept)


def test_a_wrong_password_is_told_in_a_line(broker: SecureKafka, tmp_path: Path) -> None:
    settings = broker.environment() | {
        "COBUILD_DATA_DIR": str(tmp_path / "data"),
        "COBUILD_KAFKA_PASSWORD": "wrong-horse",
    }
    process = Cobuild("worker", environment=settings, directory=tmp_path)
    try:
        assert process.wait() == 1
        assert "cannot be reached" in process.said
        assert "Traceback" not in process.said
        assert "horse" not in process.said
    finally:
        process.close()


def _family(pid: int) -> list[int]:
    """Return a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [pid, *map(int, children.split())]


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
