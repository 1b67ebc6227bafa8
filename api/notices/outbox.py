"""The outbox: wishes of parties, their notices, and the messages that count against a budget."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Engine, Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from api.notices.kinds import Kind, Notice
from api.notices.plan import Decision, Drop, Fold, Hold, Pending
from api.notices.wishes import Channel, Wishes
from api.readmodel.queries.paging import fetch_page
from api.readmodel.views import Page, View
from api.store import messages, notices, wishes

NoticeState = Literal["planned", "held", "folded", "sending", "sent", "dropped", "failed"]

OPEN: Final = ("planned", "held", "folded")
KEPT: Final = timedelta(days=90)
"""So long a settled notice stays in the history."""
_COUNTED: Final = timedelta(days=3)
"""Longer than any civil day lies back."""


class NoticeView(View):
    """A notice and what became of it: held until when and why, in which message it was sent, why it was dropped."""

    notice_id: str
    kind: Kind
    urgent: bool
    made_at: datetime
    state: NoticeState
    until: datetime | None
    reason: str | None
    message_id: str | None
    settled_at: datetime | None
    about: dict[str, str]


class Known(NamedTuple):
    """A party's wishes, and since when it is told anything."""

    wishes: Wishes
    began_at: datetime
    changed_at: datetime


class Waiting(NamedTuple):
    """An open notice with what its sentence is made of."""

    pending: Pending
    kind: Kind
    facts: dict[str, Any]
    tries: int


class Outbox:
    """All calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, master_key: bytes) -> None:
        self._engine = engine
        self._leaving = blake2b(b"leaving", key=master_key, digest_size=32).digest()

    def leave_token(self, party: str) -> str:
        """Return the capability to end a party's messages: 32 hexadecimal digits that nobody guesses."""
        return blake2b(party.encode(), key=self._leaving, digest_size=16).hexdigest()

    def wish(self, party: str, wished: Wishes, *, now: datetime) -> Known:
        """Keep how a party wishes to be told; what waits is looked at again at once."""
        leave = _hashed(self.leave_token(party))
        row = {"changed_at": now, "leave": leave, "body": wished.model_dump_json()}
        statement = insert(wishes).values(party=party, began_at=now, **row)
        again = update(notices).where(notices.c.party == party, notices.c.state.in_(("planned", "held")))
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["party"], set_=row))
            connection.execute(again.values(until=now))
            found = connection.execute(select(wishes).where(wishes.c.party == party)).one()
        return _known(found)

    def known(self, party: str) -> Known | None:
        """Return how a party wishes to be told, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(select(wishes).where(wishes.c.party == party)).one_or_none()
        return None if row is None else _known(row)

    def leaver(self, token: str) -> str | None:
        """Return whose messages a token may end."""
        with self._engine.connect() as connection:
            return connection.execute(select(wishes.c.party).where(wishes.c.leave == _hashed(token))).scalar()

    def forget(self, party: str) -> bool:
        """Delete all that is known of a party; return whether there was something."""
        with self._engine.begin() as connection:
            gone = connection.execute(delete(wishes).where(wishes.c.party == party)).rowcount > 0
            connection.execute(delete(notices).where(notices.c.party == party))
            connection.execute(delete(messages).where(messages.c.party == party))
        return gone

    def due(self, now: datetime, *, limit: int) -> tuple[str, ...]:
        """Return parties with something to be looked at."""
        query = select(notices.c.party).where(notices.c.state.in_(OPEN), notices.c.until <= now).distinct()
        with self._engine.connect() as connection:
            return tuple(connection.execute(query.order_by(notices.c.party).limit(limit)).scalars())

    def waiting(self, party: str) -> tuple[Waiting, ...]:
        """Return the open notices of a party."""
        query = select(notices).where(notices.c.party == party, notices.c.state.in_(OPEN)).order_by(notices.c.number)
        with self._engine.connect() as connection:
            return tuple(_waiting(row) for row in connection.execute(query))

    def sent(self, party: str, *, now: datetime) -> tuple[datetime, ...]:
        """Return when messages went to a party lately."""
        query = select(messages.c.at).where(messages.c.party == party, messages.c.at > now - _COUNTED)
        with self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())

    def decided(self, decisions: Mapping[str, Decision], *, now: datetime) -> None:
        """Write down what waits, what is in a digest and what was dropped."""
        with self._engine.begin() as connection:
            for notice_id, decision in decisions.items():
                if (change := _change(decision, now)) is not None:
                    connection.execute(update(notices).where(notices.c.notice_id == notice_id).values(change))

    def going(self, ids: Sequence[str], *, message_id: str, party: str, channel: Channel, now: datetime) -> None:
        """Count a message before it goes out."""
        row = {"message_id": message_id, "party": party, "at": now, "channel": channel}
        mine = notices.c.notice_id.in_(list(ids))
        with self._engine.begin() as connection:
            connection.execute(
                insert(messages).values(row).on_conflict_do_update(index_elements=["message_id"], set_=row)
            )
            connection.execute(update(notices).where(mine).values(state="sending", message_id=message_id, until=now))

    def gone(self, message_id: str, *, now: datetime) -> None:
        """Note that a message went out."""
        sent = {"state": "sent", "settled_at": now, "reason": None}
        with self._engine.begin() as connection:
            connection.execute(update(notices).where(notices.c.message_id == message_id).values(sent))

    def came_back(self, message_id: str, *, again_at: datetime | None, reason: str, now: datetime) -> None:
        """Note that a message surely did not go out: it is taken back, and tried again or given up."""
        mine = notices.c.message_id == message_id
        change: dict[str, Any] = {"reason": reason, "tries": notices.c.tries + 1, "message_id": None}
        change |= {"state": "failed", "settled_at": now} if again_at is None else {"state": "held", "until": again_at}
        with self._engine.begin() as connection:
            connection.execute(update(notices).where(mine).values(change))
            connection.execute(delete(messages).where(messages.c.message_id == message_id))

    def recover(self, *, now: datetime) -> None:
        """Take up what another process left on its way: it may have gone out, so it stays counted and goes again."""
        with self._engine.begin() as connection:
            on_its_way = update(notices).where(notices.c.state == "sending")
            connection.execute(on_its_way.values(state="planned", until=now))

    def history(self, party: str, *, cursor: str | None, limit: int) -> Page[NoticeView]:
        """Return the notices of a party, the newest first; raise Refused ``bad_cursor``."""
        query = select(notices).where(notices.c.party == party)
        key = (notices.c.made_at, notices.c.number)
        with self._engine.connect() as connection:
            return fetch_page(connection, query, key=key, cursor=cursor, limit=limit, view=_view)

    def purge(self, *, now: datetime) -> None:
        """Delete what was settled long ago, and messages that no budget counts any more."""
        with self._engine.begin() as connection:
            connection.execute(delete(notices).where(notices.c.settled_at < now - KEPT))
            connection.execute(delete(messages).where(messages.c.at < now - KEPT))


def enter(connection: Connection, made: Iterable[Notice]) -> None:
    """Add notices of parties that wish to be told; those that are known already stay as they are."""
    told = set(connection.execute(select(wishes.c.party)).scalars())
    rows = [
        {
            "notice_id": notice.notice_id,
            "party": notice.party,
            "kind": notice.kind,
            "urgent": notice.urgent,
            "made_at": notice.made_at,
            "not_before": notice.not_before,
            "expires_at": notice.expires_at,
            "facts": json.dumps(notice.facts, ensure_ascii=False),
            "state": "planned",
            "until": notice.made_at,
            "tries": 0,
        }
        for notice in made
        if notice.party in told
    ]
    if rows:
        connection.execute(insert(notices).on_conflict_do_nothing(), rows)


def _hashed(token: str) -> str:
    return blake2b(token.encode(), digest_size=16).hexdigest()


def _change(decision: Decision, now: datetime) -> dict[str, Any] | None:
    match decision:
        case Hold(until, reason):
            return {"state": "held", "until": until, "reason": reason}
        case Fold(until):
            return {"state": "folded", "until": until, "reason": "budget"}
        case Drop(reason):
            return {"state": "dropped", "reason": reason, "settled_at": now}
        case _:
            return None


def _known(row: Row[Any]) -> Known:
    return Known(Wishes.model_validate_json(row.body), row.began_at, row.changed_at)


def _waiting(row: Row[Any]) -> Waiting:
    pending = Pending(
        notice_id=row.notice_id,
        made_at=row.made_at,
        urgent=row.urgent,
        not_before=row.not_before,
        expires_at=row.expires_at,
        folded_until=row.until if row.state == "folded" else None,
    )
    return Waiting(pending, row.kind, json.loads(row.facts), row.tries)


def _view(row: Row[Any]) -> NoticeView:
    facts = json.loads(row.facts)
    names = ("assignment_id", "demand_id", "resource_id") if row.kind != "step" else ("kind", "id", "action")
    found = dict(row._mapping)
    waits = row.state in OPEN
    return NoticeView.model_validate(
        found | {"about": {name: facts[name] for name in names}, "until": row.until if waits else None}
    )
