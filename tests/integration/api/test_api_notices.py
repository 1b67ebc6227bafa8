"""Notices to a mail server on a real socket: told once, seldom, at good hours, and never after a no."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api.ports import Outward, PostOffice
from api.store import messages, notices
from deploy.mailing import SmtpMailer
from deploy.posting import HttpPoster
from schemas.assignments import AssignmentConfirmed, AssignmentExpired, AssignmentProposed, AssignmentRevoked
from schemas.envelope import new_event
from tests.apiworld import COMMUNITY, NOW, World, demand, ended, matched, world_in
from tests.certificates import certificate, serving
from tests.postbox import PASSWORD, USER, Postbox, taking_letters
from tests.receiver import PATIENCE_S, receiving

PARTY = "member:m-7f3a"
ADDRESS = "ouyang@example.org"
PUBLIC = "https://cobuild.changning.example.org"
WISHES = {"address": ADDRESS}


@pytest.fixture
async def box() -> AsyncIterator[Postbox]:
    async with taking_letters() as running:
        yield running


@asynccontextmanager
async def telling(directory: Path, port: int) -> AsyncIterator[World]:
    """Run an app that hands its letters to the mail server on ``port``."""
    mail = SmtpMailer(host="127.0.0.1", port=port, security="none", limit_s=5.0)
    letters = PostOffice(mail=mail, sender="cobuild@changning.example.org", public_url=PUBLIC)
    post = HttpPoster(private=True)
    outward = Outward(post=post, chance=lambda: 0.0, letters=letters)
    async with world_in(directory, outward=outward, outward_poll_s=0.01, webhooks_private=True) as world:
        yield world
    await post.close()


@pytest.fixture
async def world(tmp_path: Path, box: Postbox) -> AsyncIterator[World]:
    async with telling(tmp_path, box.port) as running:
        yield running


async def wishes(world: World, party: str = PARTY, **wished: Any) -> dict[str, Any]:
    answer = await world.client.put(f"/v1/notices/{party}", json=WISHES | wished)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def history(world: World, party: str = PARTY) -> list[tuple[str, str, str | None]]:
    """Return kind, state and reason of every notice, the oldest first."""
    rows = (await world.get(f"/v1/notices/{party}/history")).json()["rows"]
    return [(row["kind"], row["state"], row["reason"]) for row in reversed(rows)]


async def became(world: World, *expected: tuple[str, str, str | None], party: str = PARTY) -> None:
    """Wait until the history is this, in any order."""
    found: list[tuple[str, str, str | None]] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while sorted(found, key=str) != sorted(expected, key=str):
                await asyncio.sleep(0.01)
                found = await history(world, party)
    except TimeoutError:
        pytest.fail(f"{found} is not {expected}")


REMINDER = ("answer_due", "held", "not_yet")


async def test_a_proposal_is_told_in_chinese_with_all_that_a_mail_program_wants(world: World, box: Postbox) -> None:
    await wishes(world)
    await matched(world)
    [letter] = await box.has(1)
    assert box.recipients == [ADDRESS]
    assert letter["to"] == ADDRESS
    assert letter["from"] == "共建平台 <cobuild@changning.example.org>"
    assert letter["subject"] == "请答复：给楼里的老人理发"
    assert letter["date"].datetime == NOW
    assert re.fullmatch(r"<m-[0-9a-f]{32}@changning\.example\.org>", letter["message-id"])
    assert (letter["content-language"], letter["auto-submitted"]) == ("zh-CN", "auto-generated")
    assert letter["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert f"\r\nList-Unsubscribe: <{PUBLIC}/unsubscribe/".encode() in box.raw[0]
    plain = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"{PUBLIC}/?assignment={1:032x}" in plain.splitlines(), "where it can be read on"
    assert "华阳路街道" in plain
    assert "时间 11月25日 14:00。您的“周末上门理发”合适吗？请于 11月22日 14:00 前答复" in plain
    page = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '<html lang="zh-CN">' in page
    assert f'href="{PUBLIC}/unsubscribe/' in page
    assert max(len(line) for line in box.raw[0].split(b"\r\n")) < 998
    await became(world, ("to_answer", "sent", None), REMINDER)


async def test_the_same_in_english_by_the_clock_of_the_reader(world: World, box: Postbox) -> None:
    await wishes(world, language="en", zone="America/New_York", quiet_hours=None)
    await matched(world)
    [letter] = await box.has(1)
    assert letter["subject"] == "Please answer: 给楼里的老人理发"
    assert letter["content-language"] == "en"
    plain = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Wed 25 Nov 01:00. Would your “周末上门理发” do? Answer by Sun 22 Nov 01:00; a no costs nothing." in plain


async def test_letters_travel_encrypted_and_with_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path, name="localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with taking_letters(serving(path)) as box:
        mail = SmtpMailer(
            host="localhost", port=box.port, security="starttls", username=USER, password=SecretStr(PASSWORD)
        )
        assert await mail(sender="a@example.org", to="b@example.org", content=b"Subject: x\r\n\r\nx\r\n") == (
            None,
            False,
        )
        assert box.was_secure == [True]
        wrong = SmtpMailer(
            host="localhost", port=box.port, security="starttls", username=USER, password=SecretStr("another")
        )
        refused = await wrong(sender="a@example.org", to="b@example.org", content=b"Subject: x\r\n\r\nx\r\n")
        assert refused == ("login_refused", False)
        monkeypatch.delenv("SSL_CERT_FILE")
        assert (await mail(sender="a@example.org", to="b@example.org", content=b"x")).error == "unreachable"
        assert len(box.letters) == 1


async def test_who_does_not_answer_is_reminded_once(world: World, box: Postbox) -> None:
    await wishes(world)
    assignment_id = await matched(world)
    await became(world, ("to_answer", "sent", None), REMINDER)
    world.clock.pass_(hours=17, minutes=59)
    await asyncio.sleep(0.05)
    assert len(box.letters) == 1
    world.clock.pass_(minutes=1)
    assert (await box.has(2))[1]["subject"] == "等您答复：给楼里的老人理发"
    world.clock.pass_(hours=6)
    await ended(world, assignment_id, AssignmentExpired, "no_answer")
    assert (await box.has(3))[2]["subject"] == "已过期：给楼里的老人理发"


async def test_who_answered_is_not_reminded_and_both_sides_hear_that_it_stands(world: World, box: Postbox) -> None:
    community = f"community:{COMMUNITY}"
    await wishes(world)
    await wishes(world, community, address="office@example.org")
    assignment_id = await matched(world)
    await became(world, ("to_answer", "sent", None), REMINDER)
    await world.post(f"/v1/assignments/{assignment_id}:accept")
    await ended(world, assignment_id, AssignmentConfirmed, "accepted")
    await became(world, ("confirmed", "sent", None), party=community)
    world.clock.pass_(hours=18)
    await became(world, ("to_answer", "sent", None), ("answer_due", "dropped", "answered"), ("confirmed", "sent", None))
    await ended(world, assignment_id, AssignmentRevoked, "resource_gone", round_no=3)
    await became(world, ("confirmed", "sent", None), ("revoked", "sent", None), party=community)
    assert box.recipients.count("office@example.org") == 2


async def test_after_a_no_nothing_more_is_sent_about_the_pair(world: World, box: Postbox) -> None:
    community = f"community:{COMMUNITY}"
    await wishes(world, budget=1, digest="off")
    await wishes(world, community, address="office@example.org")
    first = await matched(world, round_no=1)
    second = await matched(world, round_no=2)
    await became(world, ("to_answer", "sent", None), ("to_answer", "held", "budget"), REMINDER, REMINDER)
    for assignment_id in (first, second):
        await world.post(f"/v1/assignments/{assignment_id}:decline")
        await ended(world, assignment_id, AssignmentRevoked, "declined", round_no=3)
    world.clock.pass_(hours=20)
    said_no = ("dropped", "said_no")
    await became(
        world, ("to_answer", "sent", None), ("to_answer", *said_no), ("answer_due", *said_no), ("answer_due", *said_no)
    )
    assert await history(world, community) == []
    assert len(box.letters) == 1


async def test_at_night_it_waits_for_the_morning_but_a_whistle_does_not(world: World, box: Postbox) -> None:
    await wishes(world)
    world.clock.pass_(hours=9)  # 23:00 in Shanghai
    await matched(world, round_no=1)
    await became(world, ("to_answer", "held", "quiet_hours"), REMINDER)
    [row] = [
        row for row in (await world.get(f"/v1/notices/{PARTY}/history")).json()["rows"] if row["kind"] == "to_answer"
    ]
    assert datetime.fromisoformat(row["until"]) == NOW + timedelta(hours=18)  # 8:00
    burst = (await world.post("/v1/demands", demand(urgency="emergency", title="水管爆裂"))).json()["id"]
    await matched_to(world, burst)
    assert (await box.has(1))[0]["subject"] == "请答复：水管爆裂"
    world.clock.at = NOW + timedelta(hours=18)
    await box.has(2)


async def matched_to(world: World, demand_id: str) -> None:
    """Let a round give the demand to our party."""
    proposed = next(event for event in reversed(world.sink.events) if isinstance(event.data, AssignmentProposed))
    assignment = proposed.data.assignment.model_copy(update={"assignment_id": "f" * 32, "demand_id": demand_id})
    fact = proposed.data.model_copy(update={"assignment": assignment, "round_no": 9})
    await world.sink.publish([new_event(fact, id="burst", source="tests", key="310105", time=NOW)])


async def test_more_than_the_budget_comes_in_one_digest_in_the_evening(world: World, box: Postbox) -> None:
    await wishes(world)
    for round_no in range(1, 6):
        await matched(world, round_no=round_no)
    sent, folded = ("to_answer", "sent", None), ("to_answer", "folded", "budget")
    await became(world, *[sent] * 2, *[folded] * 3, *[REMINDER] * 5)
    world.clock.pass_(hours=4)  # 18:00
    digest = (await box.has(3))[2]
    assert digest["subject"] == "共建简报：3 条消息"
    plain = digest.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert plain.count("• 请答复：") == 3
    await became(world, *[sent] * 5, *[REMINDER] * 5)
    await matched(world, round_no=6)
    await became(world, *[sent] * 5, ("to_answer", "held", "budget"), *[REMINDER] * 6)  # tomorrow's is too late for it


async def test_one_click_ends_it_and_a_look_at_the_link_does_not(tmp_path: Path, world: World, box: Postbox) -> None:
    await wishes(world)
    await matched(world, round_no=1)
    [letter] = await box.has(1)
    path = letter["list-unsubscribe"].strip("<>").removeprefix(PUBLIC)
    assert (await world.get(path)).status_code == 200
    assert (await world.get(f"/v1/notices/{PARTY}")).json()["channel"] == "email"
    one_click = {"content-type": "application/x-www-form-urlencoded"}
    left = await world.client.post(path, content="List-Unsubscribe=One-Click", headers=one_click)
    assert left.status_code == 200
    assert "不会再给您发送通知" in left.text
    shown = (await world.get(f"/v1/notices/{PARTY}")).json()
    assert (shown["channel"], shown["has_address"]) == ("none", False)
    await matched(world, round_no=2)
    await became(
        world,
        ("to_answer", "sent", None),
        *[("answer_due", "dropped", "not_wanted")] * 2,
        ("to_answer", "dropped", "not_wanted"),
    )
    with sqlite3.connect(tmp_path / "api.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM identities").fetchone() == (0,)
    other = await world.client.post(f"/unsubscribe/{'0' * 32}", content="", headers=one_click)
    assert other.status_code == 404


async def test_the_address_is_known_to_the_vault_alone(
    tmp_path: Path, world: World, box: Postbox, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = await wishes(world)
    assert shown["has_address"] is True
    await matched(world)
    await box.has(1)
    await became(world, ("to_answer", "sent", None), REMINDER)
    said = [str(shown), (await world.get(f"/v1/notices/{PARTY}/history")).text, *map(str, capfd.readouterr())]
    said += [str(event.data) for event in world.sink.events]
    assert not any(ADDRESS in text for text in said)
    assert ADDRESS.encode() not in _bytes_in(tmp_path)


def _bytes_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob("*.sqlite3*"))


async def test_who_is_forgotten_is_told_nothing_and_leaves_no_history(world: World, box: Postbox) -> None:
    await wishes(world)
    await matched(world, round_no=1)
    await box.has(1)
    assert (await world.client.delete("/v1/members/m-7f3a/identity")).status_code == 204
    assert (await world.get(f"/v1/notices/{PARTY}")).status_code == 404
    assert (await world.get(f"/v1/notices/{PARTY}/history")).status_code == 404
    await matched(world, round_no=2)
    world.clock.pass_(hours=18)
    await asyncio.sleep(0.05)
    assert len(box.letters) == 1
    assert (await world.client.delete(f"/v1/notices/{PARTY}")).status_code == 404


async def test_what_the_server_does_not_take_now_is_tried_again_and_counts_once(world: World, box: Postbox) -> None:
    box.replies.extend(["451 later", "421 too busy"])
    await wishes(world, budget=1, digest="off")
    await matched(world)
    await became(world, ("to_answer", "held", "deferred"), REMINDER)
    world.clock.pass_(minutes=1)
    await asyncio.sleep(0.05)
    world.clock.pass_(minutes=5)
    await box.has(1)
    await became(world, ("to_answer", "sent", None), REMINDER)


async def test_what_is_refused_for_good_has_failed_and_does_not_count(world: World, box: Postbox) -> None:
    box.replies.append("550 no such mailbox")
    await wishes(world, budget=1, digest="off")
    await matched(world, round_no=1)
    await became(world, ("to_answer", "failed", "refused"), REMINDER)
    await matched(world, round_no=2)
    await box.has(1)


async def test_a_mail_server_that_is_down_costs_nothing_but_time(tmp_path: Path) -> None:
    async with taking_letters() as box:
        port = box.port
    async with telling(tmp_path, port) as world:
        await wishes(world)
        await matched(world)
        await became(world, ("to_answer", "held", "unreachable"), REMINDER)
        async with taking_letters(port=port) as back:
            world.clock.pass_(minutes=1)
            await back.has(1)


async def test_an_address_that_does_not_open_keeps_it_from_nobody_else(
    tmp_path: Path, world: World, box: Postbox
) -> None:
    await wishes(world, f"community:{COMMUNITY}", address="lost@example.org")
    with sqlite3.connect(tmp_path / "api.sqlite3") as connection:
        connection.execute("UPDATE identities SET ciphertext = zeroblob(60)")
    await wishes(world)
    street = "office:310105001000"
    body = {"title": "清理消防通道", "assignee": f"community:{COMMUNITY}", "community": COMMUNITY, "by": street}
    assert (await world.post("/v1/tasks", body)).status_code == 201
    await matched(world)
    await box.has(1)
    assert box.recipients == [ADDRESS]
    await became(world, ("step", "held", "internal_error"), party=f"community:{COMMUNITY}")


async def test_what_was_on_its_way_in_a_crash_goes_again_and_stays_counted(tmp_path: Path, box: Postbox) -> None:
    async with telling(tmp_path, box.port) as world:
        await wishes(world, budget=1, digest="off")
        await matched(world, round_no=1)
        await box.has(1)
        await became(world, ("to_answer", "sent", None), REMINDER)
        store = world.app.state.services.ports.store
        with store.begin() as connection:  # as a kill between the two writes leaves it
            connection.execute(notices.update().where(notices.c.kind == "to_answer").values(state="sending"))
            assert len(connection.execute(messages.select()).all()) == 1
    async with telling(tmp_path, box.port) as world:
        await matched(world, round_no=2)
        held = ("to_answer", "held", "budget")
        await became(world, held, held, REMINDER, REMINDER)
        world.clock.pass_(hours=18)
        await became(world, ("to_answer", "sent", None), held, *[("answer_due", "held", "budget")] * 2)
    assert len(box.letters) == 2


async def test_a_notice_by_webhook_is_signed_and_logged_like_any_other(world: World) -> None:
    async with receiving() as receiver:
        hook = (await world.post("/v1/webhooks", {"url": receiver.url, "types": ["notice"]})).json()
        await wishes(world, channel="webhook", webhook_id=hook["webhook_id"], address=None)
        await matched(world)
        [got] = await receiver.has(1)
        body = got.body.decode()
        assert '"type":"notice.to_answer"' in body
        assert f'"party":"{PARTY}"' in body
        assert "您的“周末上门理发”合适吗？" in body
        await became(world, ("to_answer", "sent", None), REMINDER)


async def test_whoever_a_life_concerns_hears_of_its_steps_but_not_of_their_own(world: World, box: Postbox) -> None:
    street, unit = "office:310105001000", "unit:52310105MJ47000120"
    await wishes(world, unit)
    await wishes(world, street, address="street@example.org", language="en")
    body = {"title": "清理消防通道", "assignee": unit, "community": COMMUNITY, "by": street}
    body |= {"due": "2026-12-05T14:00:00+08:00"}  # nobody may take so long to start
    opened = (await world.post("/v1/tasks", body)).json()["id"]
    assert (await box.has(1))[0]["subject"] == "进展：清理消防通道"
    path = f"{PUBLIC}/?page=affairs&kind=task&life=task/{opened}"
    plain, page = [box.letters[0].get_body((form,)).get_content() for form in ("plain", "html")]  # type: ignore[union-attr]
    assert plain.splitlines()[:2] == ["任务“清理消防通道”：交办，现为“待办”，期限 11月28日 14:00。", path]
    assert f'<a href="{path.replace("&", "&amp;")}">查看</a>' in page
    await world.post(f"/v1/tasks/{opened}:start", {"by": unit})
    told = (await box.has(2))[1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert told.splitlines()[:2] == ["Task “清理消防通道”: start; now under way, due Sat 5 Dec 14:00.", path]
    assert box.recipients == [ADDRESS, "street@example.org"]
    await world.post(f"/v1/tasks/{opened}:report", {"by": unit, "outcome": "已清理。"})
    await world.post(f"/v1/tasks/{opened}:check", {"by": street})
    ended = (await box.has(4))[3].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "，现为“已办结”。" in ended, "what is over is not due"


async def test_a_restart_and_lists_made_anew_tell_nothing_twice(tmp_path: Path, box: Postbox) -> None:
    async with telling(tmp_path, box.port) as world:
        await wishes(world)
        await matched(world)
        await became(world, ("to_answer", "sent", None), REMINDER)
        events = list(world.sink.events)
    async with world_in(tmp_path) as deaf:
        deaf.model.reset()
        deaf.sink.offsets.clear()
        await deaf.sink.publish(events)
    async with telling(tmp_path, box.port) as world:
        await asyncio.sleep(0.1)
        await became(world, ("to_answer", "sent", None), REMINDER)
    assert len(box.letters) == 1


async def test_what_happened_before_anybody_wished_to_hear_is_not_told(world: World, box: Postbox) -> None:
    await matched(world)
    await asyncio.sleep(0.05)
    await wishes(world)
    await asyncio.sleep(0.05)
    assert await history(world) == []
    assert box.letters == []


@pytest.mark.parametrize(
    ("wished", "code"),
    [
        ({"address": None}, "channel_unavailable"),
        ({"channel": "webhook", "webhook_id": "wh-none"}, "channel_unavailable"),
        ({"address": "nobody"}, "invalid_value"),
        ({"address": "a@b.org\r\nbcc: c@d.org"}, "invalid_value"),
        ({"zone": "Mars"}, "invalid_value"),
        ({"budget": 0}, "invalid_value"),
        ({"quiet_hours": {"start": "08:00", "end": "08:00"}}, "invalid_value"),
    ],
)
async def test_wishes_that_cannot_be_kept_are_refused(world: World, wished: dict[str, Any], code: str) -> None:
    answer = await world.client.put(f"/v1/notices/{PARTY}", json=WISHES | wished)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert ADDRESS not in answer.text
    assert (await world.get(f"/v1/notices/{PARTY}")).status_code == 404


async def test_without_a_mail_server_nobody_can_wish_for_e_mail(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        answer = await world.client.put(f"/v1/notices/{PARTY}", json=WISHES)
        assert answer.json()["detail"] == "no mail server is set up"
        silent = await world.client.put(f"/v1/notices/{PARTY}", json={"channel": "none"})
        assert silent.status_code == 200


async def test_a_branch_of_a_unit_has_wishes_of_its_own(world: World) -> None:
    await wishes(world, "unit:52310105MJ47000120/2", language="en")
    assert (await world.get("/v1/notices/unit:52310105MJ47000120/2")).json()["language"] == "en"
    assert (await world.get("/v1/notices/unit:52310105MJ47000120/2/history")).json()["rows"] == []
    assert (await world.get("/v1/notices/unit:52310105MJ47000120")).status_code == 404


async def test_reading_needs_the_token_but_leaving_does_not(tmp_path: Path) -> None:
    async with world_in(tmp_path, api_token="s3cr3t") as world:  # noqa: S106 - of this test alone
        assert (await world.get(f"/v1/notices/{PARTY}")).status_code == 401
        assert (await world.get(f"/v1/notices/{PARTY}/history")).status_code == 401
        assert (await world.client.post(f"/unsubscribe/{'0' * 32}")).status_code == 404
