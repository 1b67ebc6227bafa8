"""What webhooks tell of: each source is a table of the read model that only grows, read by ``seq``."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, get_args

from sqlalchemy import Connection

from api.readmodel.queries.feed import feed_after, feed_head
from api.readmodel.queries.steps import steps_after, steps_head
from api.readmodel.views import FeedType
from api.webhooks.ledger import Message
from schemas.lives import BY_KIND, LIFECYCLES


class Happening(NamedTuple):
    """One event, ready to be told; ``region`` is the community where it happened."""

    event_id: str
    type: str
    at: datetime
    region: str
    data: Mapping[str, Any]

    def message(self) -> Message:
        """Return it as it is sent: type, timestamp and data, as the specification has them."""
        return Message(event_id=self.event_id, type=self.type, body=body_of(type=self.type, at=self.at, data=self.data))


class Stretch(NamedTuple):
    """Events in ascending ``seq``, and the ``seq`` to go on from."""

    happenings: tuple[Happening, ...]
    next_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where events come from: ``head`` is the newest ``seq``, ``after`` reads on from one, at most ``limit`` rows.

    ``types`` are all that it tells of.
    """

    name: str
    types: frozenset[str]
    head: Callable[[Connection], int]
    after: Callable[[Connection, int, int], Stretch]


def body_of(*, type: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Return the body of a webhook: compact JSON in UTF-8."""
    content = {"type": type, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _assignments_after(connection: Connection, seq: int, limit: int) -> Stretch:
    page = feed_after(connection, seq=seq, limit=limit)
    return Stretch(
        tuple(
            Happening(
                event_id=row.event_id,
                type=f"assignment.{row.type}",
                at=row.at,
                region=row.community,
                data=row.model_dump(mode="json", exclude={"seq", "event_id", "type", "at"}),
            )
            for row in page.rows
        ),
        page.next_seq,
    )


ASSIGNMENTS: Final = Source(
    name="feed",
    types=frozenset(f"assignment.{change}" for change in get_args(FeedType)),
    head=feed_head,
    after=_assignments_after,
)


def _steps_after(connection: Connection, seq: int, limit: int) -> Stretch:
    """What was said with a step stays where it can be asked for: not all of it is for everybody at once."""
    rows = steps_after(connection, seq=seq, limit=limit)
    return Stretch(
        tuple(
            Happening(
                event_id=row.event_id,
                type=f"{row.kind}.{row.action}",
                at=row.at,
                region=row.community,
                data=row.model_dump(mode="json", exclude={"seq", "event_id", "at"})
                | {"path": f"/v1/{BY_KIND[row.kind].plural}/{row.id}"},
            )
            for row in rows
        ),
        rows[-1].seq if rows else seq,
    )


STEPS: Final = Source(
    name="steps",
    types=frozenset(f"{lifecycle.kind}.{move.action}" for lifecycle in LIFECYCLES for move in lifecycle.moves),
    head=steps_head,
    after=_steps_after,
)
SOURCES: Final = (ASSIGNMENTS, STEPS)
PING: Final = "webhook.ping"
NOTICES: Final = "notice"
"""The family of what is told to one party by its own webhook (``api.notices``): it comes whatever was subscribed to."""


def known_types() -> frozenset[str]:
    """Return every name that a subscription may ask for: whole types, and families of them."""
    whole = {type for source in SOURCES for type in source.types}
    return frozenset(whole | {type.partition(".")[0] for type in whole} | {NOTICES})


def types_near(unknown: str) -> list[str]:
    """Return the types of the family that an unknown name seems to mean, else the families."""
    family = unknown.partition(".")[0]
    of_family = [type for type in known_types() if type.startswith(f"{family}.")]
    return sorted(of_family or (type for type in known_types() if "." not in type))
