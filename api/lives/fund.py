"""Funds 专项资金: which entries of the resource list have a book, and what it comes to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from api.living import Filling, Practice, ShardOf
from api.problems import Rejection
from api.reading import some
from api.readmodel.lifeviews import FundView, SetAside
from api.readmodel.queries.resources import get_resource
from schemas.lives.fund import EntryKind, Fund, FundOpened
from schemas.refusals import FieldRefusal
from schemas.resources import ResourceKind


def _known(connection: Connection, said: Mapping[str, Any], shard_of: ShardOf) -> Mapping[str, Any]:
    """Return what the list of resources says of a fund; raise Refused where it is none, or does not say enough."""
    resource = some(get_resource(connection, resource_id=said["resource_id"]), what=said["resource_id"]).resource
    if resource.kind is not ResourceKind.FUND or resource.amount is None or resource.earmark is None:
        detail = "it is no fund that says its amount and what it is for"
        raise Rejection("invalid_value", detail, fields=[FieldRefusal("#/resource_id", "invalid_value", detail)])
    return {
        "community": resource.home,
        "title": resource.title,
        "provider": resource.provider,
        "earmark": resource.earmark,
        "amount": resource.amount,
        "special_account": resource.special_account,
    }


def _beside(connection: Connection, fund: Fund, now: datetime) -> FundView:
    earmarks = [entry for entry in fund.entries if entry.kind is EntryKind.EARMARK and entry.reversed_by is None]
    return FundView(
        granted=fund.granted,
        set_aside=fund.set_aside,
        used=fund.used,
        free=fund.free,
        remaining=fund.granted - fund.used,
        purposes=tuple(
            SetAside(
                number=entry.number,
                purpose=entry.purpose or "",
                about=entry.about,
                amount=entry.amount,
                left=fund.left_of(entry.number),
            )
            for entry in earmarks
        ),
    )


PRACTICE = Practice(
    fillings={
        FundOpened: Filling(
            frozenset({"community", "title", "provider", "earmark", "amount", "special_account"}), _known
        ),
    },
    beside=_beside,
    view=FundView,
)
