"""Webhooks to a receiver on a real socket: signed, retried, logged, and nothing lost by anybody's restart."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks.webhooks
from standardwebhooks import WebhookVerificationError

from api.app import create_app
from api.ports import Outward
from api.settings import ApiSettings
from deploy.posting import HttpPoster
from schemas.assignments import AssignmentConfirmed, AssignmentRevoked
from tests.apiworld import NOW, World, ended, matched, ports_in, world_in
from tests.receiver import PATIENCE_S, Answer, Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Let the receiver's library live on the day of our clock: it refuses what is older than five minutes."""
    at = [NOW]

    class Day(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return at[0]

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Day)
    return lambda moment: at.__setitem__(0, moment)


@asynccontextmanager
async def sending(
    directory: Path, *, limit_s: float = 5.0, private: bool = True, **settings: Any
) -> AsyncIterator[World]:
    """Run an app that may send to this machine."""
    post = HttpPoster(private=private, limit_s=limit_s)
    outward = Outward(post=post, chance=lambda: 0.5)
    async with world_in(
        directory, outward=outward, **{"outward_poll_s": 0.01, "webhooks_private": True} | settings
    ) as world:
        yield world
    await post.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with sending(tmp_path) as running:
        yield running


async def subscribed(world: World, url: str, **more: Any) -> tuple[str, str]:
    """Subscribe, and return id and secret."""
    answer = await world.post("/v1/webhooks", {"url": url} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()["webhook_id"], answer.json()["secret"]


async def log_of(world: World, webhook_id: str) -> list[dict[str, Any]]:
    """Return the delivery log, the oldest first."""
    rows = (await world.get(f"/v1/webhooks/{webhook_id}/deliveries")).json()["rows"]
    return list(reversed(rows))


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    """Return what is found once there is something."""
    async with asyncio.timeout(PATIENCE_S):
        while not (seen := await found()):  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.01)
    return seen


async def settled(world: World, webhook_id: str, count: int, *, state: str = "delivered") -> list[dict[str, Any]]:
    """Return the log once so many are in this state."""

    async def look() -> list[dict[str, Any]]:
        rows = await log_of(world, webhook_id)
        return rows if sum(row["state"] == state for row in rows) >= count else []

    found: list[dict[str, Any]] = await until(look)
    return found


async def tried(world: World, webhook_id: str, attempts: int) -> dict[str, Any]:
    """Return the only delivery once it has had so many attempts."""

    async def look() -> dict[str, Any] | None:
        rows = await log_of(world, webhook_id)
        return rows[0] if rows and rows[0]["tries"] >= attempts else None

    found: dict[str, Any] = await until(look)
    return found


async def test_what_happens_is_posted_signed_in_order_and_stands_in_the_log(world: World, receiver: Receiver) -> None:
    webhook_id, secret = await subscribed(world, receiver.url)
    assignment_id = await matched(world)
    await ended(world, assignment_id, AssignmentConfirmed, "accepted")
    first, second = (got.verified(secret) for got in await receiver.has(2))
    assert (first["type"], second["type"]) == ("assignment.proposed", "assignment.confirmed")
    assert first["timestamp"] == "2026-11-21T06:00:00Z"
    assert first["data"]["assignment_id"] == assignment_id
    assert first["data"]["demand_title"] == "给楼里的老人理发"
    log = await settled(world, webhook_id, 2)
    assert [(row["type"], row["tries"], row["attempts"][0]["status"]) for row in log] == [
        ("assignment.proposed", 1, 204),
        ("assignment.confirmed", 1, 204),
    ]
    assert [row["delivery_id"] for row in log] == [got.headers["webhook-id"] for got in receiver.got]
    shown = (await world.get(f"/v1/webhooks/{webhook_id}")).json()
    assert (shown["state"], shown["failures"], shown["deliveries"]) == ("active", 0, {"delivered": 2})


async def test_only_what_was_subscribed_to_is_sent_from_then_on(world: World, receiver: Receiver) -> None:
    await matched(world, round_no=1)
    await subscribed(world, receiver.url, types=["assignment.revoked"])
    await subscribed(world, receiver.url + "/region", region="320102", types=["assignment"])
    here = await matched(world, round_no=2)
    await matched(world, round_no=3, region="320102002001")
    await ended(world, here, AssignmentRevoked, "demand_gone", round_no=4)
    got = await receiver.has(2)
    await asyncio.sleep(0.05)
    assert {(each.path, json.loads(each.body)["data"]["round_no"]) for each in got} == {
        ("/hook", 4),
        ("/hook/region", 3),
    }


async def test_a_receiver_that_verifies_knows_a_forgery(world: World, receiver: Receiver) -> None:
    _, secret = await subscribed(world, receiver.url)
    await matched(world)
    [got] = await receiver.has(1)
    other = await subscribed(world, receiver.url)
    for forged in (
        lambda: type(got)(got.path, got.headers, got.body + b" ").verified(secret),
        lambda: type(got)(got.path, {**got.headers, "webhook-id": "msg_other"}, got.body).verified(secret),
        lambda: got.verified(other[1]),
    ):
        with pytest.raises(WebhookVerificationError):
            forged()


async def test_a_failure_is_tried_again_with_the_same_id_and_the_same_bytes(
    world: World, receiver: Receiver, today: Callable[[datetime], None]
) -> None:
    receiver.answers.extend([Answer(500), Answer(302, headers="location: /elsewhere\r\n"), Answer(hangs_up=True)])
    webhook_id, secret = await subscribed(world, receiver.url)
    await matched(world)
    for attempts, (wait_s, said) in enumerate([(5.5, 500), (330, 302), (1980, None)], start=1):
        failed = await tried(world, webhook_id, attempts)
        assert failed["attempts"][-1]["status"] == said
        assert datetime.fromisoformat(failed["next_try"]) == world.clock.at + timedelta(seconds=wait_s)
        world.clock.pass_(seconds=wait_s)
        today(world.clock.at)
    [row] = await settled(world, webhook_id, 1)
    assert [each["status"] for each in row["attempts"]] == [500, 302, None, 204]
    assert row["attempts"][2]["error"] == "unreachable"
    assert len({(got.headers["webhook-id"], got.body, got.path) for got in receiver.got}) == 1
    assert receiver.got[-1].verified(secret)["type"] == "assignment.proposed"
    assert (await world.get(f"/v1/webhooks/{webhook_id}")).json()["failures"] == 0


async def test_a_receiver_that_asks_for_time_gets_it(world: World, receiver: Receiver) -> None:
    receiver.answers.append(Answer(503, headers="retry-after: 120\r\n"))
    webhook_id, _ = await subscribed(world, receiver.url)
    await matched(world)
    row = await tried(world, webhook_id, 1)
    assert datetime.fromisoformat(row["next_try"]) == NOW + timedelta(seconds=120)
    world.clock.pass_(seconds=119)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == 1
    world.clock.pass_(seconds=1)
    await settled(world, webhook_id, 1)


async def test_who_says_that_it_is_gone_is_asked_no_more_until_it_is_enabled(world: World, receiver: Receiver) -> None:
    receiver.answers.append(Answer(410))
    webhook_id, _ = await subscribed(world, receiver.url)
    await matched(world, round_no=1)

    async def gone() -> bool:
        return (await world.get(f"/v1/webhooks/{webhook_id}")).json()["reason"] == "gone"

    await until(gone)
    await matched(world, round_no=2)
    world.clock.pass_(days=1)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == 1
    enabled = await world.post(f"/v1/webhooks/{webhook_id}:enable")
    assert (enabled.json()["state"], enabled.json()["reason"]) == ("active", None)
    rounds = [json.loads(got.body)["data"]["round_no"] for got in await receiver.has(3)]
    assert rounds == [1, 1, 2]


async def test_a_receiver_that_vanished_is_given_up_after_three_days_and_the_log_says_so(tmp_path: Path) -> None:
    async with receiving() as receiver:
        port = receiver.port
    async with sending(tmp_path) as world:
        webhook_id, _ = await subscribed(world, f"http://127.0.0.1:{port}/hook")
        await matched(world)
        for attempts in range(1, 10):
            failed = await tried(world, webhook_id, attempts)
            world.clock.at = datetime.fromisoformat(failed["next_try"])
        [row] = await settled(world, webhook_id, 1, state="given_up")
        assert (row["tries"], row["next_try"], row["attempts"][-1]["error"]) == (10, None, "unreachable")
        assert timedelta(days=3) < world.clock.at - NOW < timedelta(days=4)
        shown = (await world.get(f"/v1/webhooks/{webhook_id}")).json()
        assert (shown["state"], shown["reason"], shown["failures"]) == ("disabled", "given_up", 10)
        async with receiving(port) as back:
            await world.post(f"/v1/webhooks/{webhook_id}:enable")
            again = await world.post(f"/v1/webhooks/{webhook_id}/deliveries/{row['delivery_id']}:redeliver")
            assert again.status_code == 202
            await back.has(1)
            assert (await settled(world, webhook_id, 1))[0]["tries"] == 1


async def test_a_slow_or_broken_receiver_does_not_keep_the_others_waiting(tmp_path: Path, receiver: Receiver) -> None:
    async with receiving() as slow, receiving() as broken, sending(tmp_path, limit_s=0.3) as world:
        slow.answers.append(Answer(delay_s=2.0))
        broken.answers.extend([Answer(500)] * 3)
        slow_id, _ = await subscribed(world, slow.url)
        await subscribed(world, broken.url)
        await subscribed(world, receiver.url)
        for round_no in (1, 2, 3):
            await matched(world, round_no=round_no)
        got = await receiver.has(3)
        assert [json.loads(each.body)["data"]["round_no"] for each in got] == [1, 2, 3]
        row = await tried(world, slow_id, 1)
        assert row["attempts"][0]["error"] == "timeout"
        assert len(slow.got) == 1  # it rests: what comes next is not thrown at it


async def test_a_secret_that_does_not_open_stops_nobody_else(tmp_path: Path, receiver: Receiver) -> None:
    async with receiving() as unlucky, sending(tmp_path) as world:
        broken, _ = await subscribed(world, unlucky.url)
        with sqlite3.connect(tmp_path / "api.sqlite3") as connection:
            connection.execute("UPDATE webhooks SET secret = zeroblob(60)")
        await subscribed(world, receiver.url)
        await matched(world)
        await receiver.has(1)
        assert unlucky.got == []
        world.clock.pass_(minutes=5)
        await world.post(f"/v1/webhooks/{broken}:test")
        assert [row["state"] for row in await log_of(world, broken)] == ["waiting", "waiting"]


async def test_a_restart_goes_on_where_it_stood_and_sends_nothing_twice(tmp_path: Path, receiver: Receiver) -> None:
    async with sending(tmp_path) as world:
        webhook_id, secret = await subscribed(world, receiver.url)
        await matched(world, round_no=1)
        await settled(world, webhook_id, 1)
    async with world_in(tmp_path) as deaf:  # a process without a way out: what happens now waits
        await matched(deaf, round_no=2)
    async with sending(tmp_path) as world:
        await matched(world, round_no=3)
        await settled(world, webhook_id, 3)
    assert [got.verified(secret)["data"]["round_no"] for got in receiver.got] == [1, 2, 3]


async def test_lists_made_anew_repeat_nothing_and_lose_nothing(tmp_path: Path, receiver: Receiver) -> None:
    async with sending(tmp_path) as world:
        webhook_id, _ = await subscribed(world, receiver.url)
        await matched(world, round_no=1)
        await settled(world, webhook_id, 1)
        known = list(world.sink.events)
    async with world_in(tmp_path) as deaf:
        await matched(deaf, round_no=2)
        news = list(deaf.sink.events)
        deaf.model.reset()
        deaf.sink.offsets.clear()
        await deaf.sink.publish([*news, *known])  # partitions may be read in another order now
    async with sending(tmp_path) as world:
        await settled(world, webhook_id, 2)
        await asyncio.sleep(0.05)
    assert [json.loads(got.body)["data"]["round_no"] for got in receiver.got] == [1, 2]


async def test_two_processes_on_one_store_send_once(tmp_path: Path, receiver: Receiver) -> None:
    async with sending(tmp_path) as world:
        ports, *_ = ports_in(tmp_path, outward=Outward(post=HttpPoster(private=True), chance=lambda: 0.0))
        second = create_app(ports, ApiSettings(outward_poll_s=0.01))
        async with second.router.lifespan_context(second):
            webhook_id, _ = await subscribed(world, receiver.url)
            for round_no in (1, 2, 3):
                await matched(world, round_no=round_no)
            await settled(world, webhook_id, 3)
            await asyncio.sleep(0.05)
        ports.read_model.close()
        ports.store.dispose()
    assert len(receiver.got) == 3


async def test_a_ping_shows_that_it_works_and_a_repeat_sends_no_second(world: World, receiver: Receiver) -> None:
    webhook_id, secret = await subscribed(world, receiver.url, types=["assignment.revoked"])
    for _ in range(2):
        answer = await world.post(f"/v1/webhooks/{webhook_id}:test", idempotency_key="ping-1")
        assert answer.status_code == 202
    await settled(world, webhook_id, 1)
    [got] = receiver.got
    assert got.verified(secret) == {
        "type": "webhook.ping",
        "timestamp": "2026-11-21T06:00:00Z",
        "data": {"webhook_id": webhook_id},
    }
    assert got.headers["webhook-id"] == answer.json()["delivery_id"]


async def test_after_a_rotation_both_secrets_verify_for_a_day(
    world: World, receiver: Receiver, today: Callable[[datetime], None]
) -> None:
    webhook_id, old = await subscribed(world, receiver.url)
    rotated = await world.post(f"/v1/webhooks/{webhook_id}:rotate", idempotency_key="turn")
    new = rotated.json()["secret"]
    assert new != old
    assert (await world.post(f"/v1/webhooks/{webhook_id}:rotate", idempotency_key="turn")).json()["secret"] == new
    await matched(world, round_no=1)
    [both] = await receiver.has(1)
    assert both.verified(new) == both.verified(old)
    world.clock.pass_(hours=24)
    today(world.clock.at)
    await world.post(f"/v1/webhooks/{webhook_id}:test")
    one = (await receiver.has(2))[1]
    assert one.verified(new)
    with pytest.raises(WebhookVerificationError):
        one.verified(old)


async def test_the_secret_is_shown_once_to_whoever_asked_and_lies_nowhere_in_the_clear(
    tmp_path: Path, world: World, receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"url": receiver.url}
    first = await world.post("/v1/webhooks", body, idempotency_key="once")
    again = await world.post("/v1/webhooks", body, idempotency_key="once")
    secret = first.json()["secret"]
    assert secret.startswith("whsec_")
    assert again.json() == first.json()
    webhook_id = first.json()["webhook_id"]
    assert first.headers["location"] == f"/v1/webhooks/{webhook_id}"
    listed = (await world.get("/v1/webhooks")).json()["rows"]
    assert [each["webhook_id"] for each in listed] == [webhook_id]
    await world.post(f"/v1/webhooks/{webhook_id}:test")
    await settled(world, webhook_id, 1)
    shown = [str(listed), (await world.get(f"/v1/webhooks/{webhook_id}")).text, *map(str, capfd.readouterr())]
    assert not any(secret in text for text in shown)
    kept = _bytes_in(tmp_path)
    with sqlite3.connect(tmp_path / "api.sqlite3") as connection:
        bodies = connection.execute("SELECT body FROM idempotency WHERE body IS NOT NULL").fetchall()
    assert secret[len("whsec_") :].encode() not in kept
    assert bodies == []


def _bytes_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob("api.sqlite3*"))


async def test_what_was_deleted_is_forgotten_whole(world: World, receiver: Receiver) -> None:
    webhook_id, _ = await subscribed(world, receiver.url)
    assert (await world.client.delete(f"/v1/webhooks/{webhook_id}")).status_code == 204
    await matched(world)
    await asyncio.sleep(0.05)
    assert receiver.got == []
    for answer in (
        await world.get(f"/v1/webhooks/{webhook_id}"),
        await world.get(f"/v1/webhooks/{webhook_id}/deliveries"),
        await world.client.delete(f"/v1/webhooks/{webhook_id}"),
        *[await world.post(f"/v1/webhooks/{webhook_id}:{verb}") for verb in ("test", "rotate", "enable", "disable")],
        await world.post(f"/v1/webhooks/{webhook_id}/deliveries/msg_{'0' * 32}:redeliver"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_disabled_by_hand_nothing_is_sent(world: World, receiver: Receiver) -> None:
    webhook_id, _ = await subscribed(world, receiver.url)
    disabled = (await world.post(f"/v1/webhooks/{webhook_id}:disable")).json()
    assert (disabled["state"], disabled["reason"]) == ("disabled", "by_hand")
    await matched(world)
    await asyncio.sleep(0.05)
    assert receiver.got == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hall.example.org/hook", "address_not_allowed"),
        ("https://127.0.0.1/hook", "address_not_allowed"),
        ("https://[::ffff:10.0.0.1]/hook", "address_not_allowed"),
        ("https://169.254.169.254/latest/meta-data", "address_not_allowed"),
        ("https://localhost/hook", "address_not_allowed"),
        ("https://printer.local/hook", "address_not_allowed"),
        ("https://name:word@hall.example.org/hook", "invalid_value"),
        ("ftp://hall.example.org/hook", "invalid_value"),
        ("https://hall.example.org:99999/", "invalid_value"),
        ("https://", "invalid_value"),
    ],
)
async def test_addresses_that_are_not_of_the_public_internet_are_refused(tmp_path: Path, url: str, code: str) -> None:
    async with world_in(tmp_path) as world:
        answer = await world.post("/v1/webhooks", {"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_name_that_leads_home_is_found_out_where_it_is_posted_to(tmp_path: Path, receiver: Receiver) -> None:
    """The name was fine when it was subscribed; what it points to is looked at with every attempt."""
    async with sending(tmp_path, private=False) as world:
        webhook_id, _ = await subscribed(world, receiver.url.replace("127.0.0.1", "localhost"))
        await matched(world)
        row = await tried(world, webhook_id, 1)
    assert row["attempts"][0]["error"] == "address_not_allowed"
    assert receiver.got == []


async def test_types_that_nobody_sends_are_refused(world: World, receiver: Receiver) -> None:
    answer = await world.post("/v1/webhooks", {"url": receiver.url, "types": ["assignment", "assignment.propsed"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/types/1"
    assert "assignment.proposed" in answer.json()["detail"]
    strange = await world.post("/v1/webhooks", {"url": receiver.url, "types": ["weather.rain"]})
    assert {"assignment", "task", "notice"} <= set(strange.json()["detail"].removeprefix("one of ").split(", "))


async def test_steps_of_lives_are_told_without_what_was_said(world: World, receiver: Receiver) -> None:
    street, unit = "office:310105001000", "unit:52310105MJ47000120"
    body = {"title": "清理消防通道", "assignee": unit, "community": "310105001001", "by": street}
    _, secret = await subscribed(world, receiver.url, types=["task.report", "task.open"])
    opened = await world.post("/v1/tasks", body)
    assert opened.status_code == 201, opened.text
    at = f"/v1/tasks/{opened.json()['id']}"
    await world.post(f"{at}:start", {"by": unit})
    await world.post(f"{at}:report", {"by": unit, "outcome": "已清理。"})
    first, second = (got.verified(secret) for got in await receiver.has(2))
    assert (first["type"], first["data"]["title"], first["data"]["path"]) == ("task.open", "清理消防通道", at)
    assert (second["type"], second["data"]["before"], second["data"]["after"]) == (
        "task.report",
        "under_way",
        "reported",
    )
    assert "已清理" not in str(second)


async def test_reading_needs_the_token_too(tmp_path: Path) -> None:
    async with world_in(tmp_path, api_token="s3cr3t") as world:  # noqa: S106 - of this test alone
        assert (await world.get("/v1/webhooks")).status_code == 401
        assert (await world.get("/v1/webhooks", authorization="Bearer s3cr3t")).status_code == 200
        assert (await world.get("/v1/demands")).status_code == 200


async def test_the_log_is_paged_and_narrowed(world: World, receiver: Receiver) -> None:
    webhook_id, _ = await subscribed(world, receiver.url)
    for _ in range(3):
        await world.post(f"/v1/webhooks/{webhook_id}:test")
    await settled(world, webhook_id, 3)
    path = f"/v1/webhooks/{webhook_id}/deliveries"
    first = (await world.get(f"{path}?limit=2")).json()
    rest = (await world.get(f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert len({row["delivery_id"] for row in (*first["rows"], *rest["rows"])}) == 3
    assert (await world.get(f"{path}?state=waiting")).json()["rows"] == []
    assert (await world.get(f"{path}?cursor=nonsense")).json()["code"] == "bad_cursor"


async def test_a_signature_made_today_verifies_today(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the clock of this machine and the library as it comes."""
    monkeypatch.undo()
    async with sending(tmp_path) as world:
        world.clock.at = datetime.now(UTC)
        webhook_id, secret = await subscribed(world, receiver.url)
        await world.post(f"/v1/webhooks/{webhook_id}:test")
        assert (await receiver.has(1))[0].verified(secret)["type"] == "webhook.ping"
