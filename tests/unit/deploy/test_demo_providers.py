"""What the demo's providers do, and what the demo's client makes of a server's answers."""

import asyncio
import contextlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from deploy.demo import client as client_module
from deploy.demo.client import CannotSayError, Client, request_of
from deploy.demo.providers import Providers, reaction
from schemas.base import Window
from schemas.demands import Demand, DemandLine, DemandPosted, DemandWhistled, DemandWithdrawn
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled
from schemas.resources import ResourceSuspended, ResourceWithdrawn

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PLACE = "310105001001"
DEMAND = Demand(
    demand_id="d-1", requester=f"community:{PLACE}", title="老人盼理发", community=PLACE,
    lines=(DemandLine(item="elder_care.hair_cut"),), posted_at=NOW,
    window=Window(start=NOW, end=NOW + timedelta(hours=3)),
)  # fmt: skip


def row(number, kind="proposed", *, auto=False):
    return {"assignment_id": f"{number:032x}", "type": kind, "auto_accepted": auto}


def test_most_proposals_are_accepted_some_declined_a_few_never_answered():
    answers = Counter(found.answer if (found := reaction(row(number))) else None for number in range(1000))
    assert answers["accept"] > 780
    assert 50 < answers["decline"] < 140
    assert 30 < answers[None] < 120


def test_jobs_are_done_and_now_and_then_nobody_comes():
    answers = Counter(found.answer if (found := reaction(row(n, "confirmed"))) else None for n in range(1000))
    assert answers["done"] > 850
    assert 10 < answers["no-show"] < 60


def test_what_was_accepted_beforehand_needs_no_answer():
    assert all(reaction(row(number, auto=True)) is None for number in range(50))


def test_a_provider_does_the_same_about_the_same_assignment():
    assert [reaction(row(number)) for number in range(50)] == [reaction(row(number)) for number in range(50)]


class FakeAnswers:
    def __init__(self):
        self.given = []

    async def answer(self, assignment_id, answer):
        self.given.append((assignment_id, answer))
        return True


class Watch:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def an_accepted():
    return next(row(number) for number in range(100) if (found := reaction(row(number))) and found.answer == "accept")


async def test_an_answer_is_given_when_its_time_has_come_and_once():
    answers, watch = FakeAnswers(), Watch()
    providers = Providers(answers, clock=watch, per_s=10_000)
    proposed = an_accepted()
    providers.plan(proposed)
    assert await providers.answer_due() == 0
    watch.now = reaction(proposed).after_s
    assert await providers.answer_due() == 1
    assert await providers.answer_due() == 0
    assert answers.given == [(proposed["assignment_id"], "accept")]


@pytest.mark.parametrize("ending", ["revoked", "expired"])
async def test_what_was_taken_away_meanwhile_gets_no_answer(ending):
    answers, watch = FakeAnswers(), Watch()
    providers = Providers(answers, clock=watch, per_s=10_000)
    proposed = an_accepted()
    providers.plan(proposed)
    providers.plan(proposed | {"type": ending})
    watch.now = 1000.0
    await providers.answer_due()
    assert answers.given == []


async def test_providers_live_along_the_stream():
    answers, watch = FakeAnswers(), Watch()
    watch.now = 0.0
    providers = Providers(answers, clock=lambda: watch.now, per_s=10_000)
    proposed = an_accepted()

    async def rows():
        yield proposed
        watch.now = 1000.0
        await asyncio.sleep(3600)

    living = asyncio.create_task(providers.live(rows()))
    async with asyncio.timeout(5):
        while not answers.given:
            await asyncio.sleep(0)
            providers.plan(row(999_999, "fulfilled"))
    living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living
    assert answers.given == [(proposed["assignment_id"], "accept")]


def served(handler):
    return Client(httpx.AsyncClient(base_url="http://demo.test", transport=httpx.MockTransport(handler)))


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        (DemandPosted(demand=DEMAND), "/v1/demands"),
        (DemandWhistled(demand_id="d-1", version=2, community=PLACE), "/v1/demands/d-1:whistle"),
        (DemandWithdrawn(demand_id="d-1", version=2, community=PLACE), "/v1/demands/d-1:withdraw"),
        (ResourceWithdrawn(resource_id="r-1", version=2, home=PLACE), "/v1/resources/r-1:withdraw"),
    ],
)
def test_facts_go_to_their_routes(fact, path):
    assert request_of(fact)[0] == path


def test_what_the_server_sets_itself_is_not_sent():
    member = MemberEnrolled(
        member_ref="m-1",
        member_class=MemberClass.RETIRED,
        kind=EnrolmentKind.RESIDENCE,
        community=PLACE,
        enrolled_at=NOW,
    )
    assert request_of(member) == (
        "/v1/members",
        {"member_ref": "m-1", "member_class": "retired", "kind": "residence", "community": PLACE},
    )
    body = request_of(DemandPosted(demand=DEMAND))[1]
    assert body["window"] == {"start": "2026-11-21T04:00:00Z", "end": "2026-11-21T07:00:00Z"}
    assert not body.keys() & {"version", "posted_at"}


def test_a_fact_without_a_route_is_told():
    with pytest.raises(CannotSayError, match="ResourceSuspended"):
        request_of(ResourceSuspended(resource_id="r-1", version=2, home=PLACE))


async def test_a_refusal_is_counted_and_not_repeated():
    asked = []

    def refuse(request):
        asked.append(request.url.path)
        return httpx.Response(409, json={"code": "not_answerable"})

    client = served(refuse)
    assert await client.answer("0" * 32, "accept") is False
    assert (client.refused, client.lost) == (1, 0)
    assert asked == [f"/v1/assignments/{'0' * 32}:accept"]


async def test_a_server_that_is_busy_is_asked_again_under_the_same_key(monkeypatch):
    monkeypatch.setattr(client_module, "PAUSE_S", 0.0)
    keys = []

    def busy_twice(request):
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            raise httpx.ConnectError("gone", request=request)
        return httpx.Response(503 if len(keys) == 2 else 201, json={})

    client = served(busy_twice)
    assert await client.say(DemandPosted(demand=DEMAND)) is True
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_a_server_that_never_answers_is_given_up_and_counted(monkeypatch):
    monkeypatch.setattr(client_module, "PAUSE_S", 0.0)
    client = served(lambda _: httpx.Response(503))
    assert await client.say(DemandPosted(demand=DEMAND)) is False
    assert (client.lost, client.refused) == (1, 0)


async def test_a_broken_stream_is_taken_up_where_it_broke(monkeypatch):
    monkeypatch.setattr(client_module, "PAUSE_S", 0.0)
    marks = []

    def stream(request):
        marks.append(request.headers.get("last-event-id"))
        number = len(marks)
        text = f"retry: 1000\n\nid: g-{number}\nevent: proposed\ndata: {json.dumps(row(number))}\n\n"
        text += "id: g-0\nevent: reset\ndata: {}\n\n" if number == 2 else ""
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)

    rows = served(stream).follow(region="310105")
    found = [await anext(rows) for _ in range(4)]
    await rows.aclose()
    assert [one["assignment_id"] for one in found] == [row(number)["assignment_id"] for number in (1, 2, 3, 4)]
    assert marks == [None, "g-1", "g-0", "g-3"]
