"""What open lives share: never more of it than there is room for, whoever comes in whichever batch."""

from sqlalchemy import Connection

from api.readmodel.projection.rows import Values, put
from api.readmodel.queries.shares import shares_of
from api.readmodel.tables import life_shares
from schemas.base import Window
from schemas.lifecycle import Life
from schemas.lives import BY_KIND
from schemas.refusals import Refused
from schemas.sharing import peak

Name = tuple[str, str]
"""A life by kind and id."""


class Shares:
    """Shares as a batch changes them."""

    def __init__(self) -> None:
        self._rows: dict[Name, Values] = {}

    def must_have_room(
        self, connection: Connection, name: Name, before: Life | None, after: Life, *, shard: str
    ) -> None:
        """Raise Refused where a new share, together with those of others, is more than there is room for."""
        share = after.share
        if share is None or (before is not None and before.share == share):
            return
        kind, life_id = name
        written = shares_of(connection, kind=kind, name=share.name, span=share.span, shard=shard)
        taken = [
            (span, amount) for holder, span, amount in written if holder != life_id and (kind, holder) not in self._rows
        ]
        for (other, holder), row in self._rows.items():
            if (other, row["shard"], row["name"]) == (kind, shard, share.name) and holder != life_id:
                taken.append((Window(start=row["starts_at"], end=row["ends_at"]), row["amount"]))
        if peak(taken, within=share.span) + share.amount > share.room:
            raise Refused(share.refusal, share.name)

    def move(self, name: Name, before: Life | None, after: Life, *, shard: str) -> None:
        """Note what a life takes now; nothing, where it is over."""
        kind, life_id = name
        share = after.share if BY_KIND[kind].states[after.state].is_open else None
        told = share or (None if before is None else before.share)
        if told is None:
            return
        self._rows[name] = {
            "kind": kind,
            "id": life_id,
            "shard": shard,
            "name": told.name,
            "amount": 0 if share is None else share.amount,
            "starts_at": told.span.start,
            "ends_at": told.span.end,
        }

    def write(self, connection: Connection) -> None:
        """Write what every life of the batch takes."""
        put(connection, life_shares, list(self._rows.values()))
