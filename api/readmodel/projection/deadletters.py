"""What readers refused."""

from collections.abc import Sequence

from sqlalchemy import Connection

from api.readmodel.projection.rows import put_once
from api.readmodel.tables import deadletters
from schemas.deadletters import RecordRefused
from schemas.envelope import Event


def project_deadletters(connection: Connection, events: Sequence[Event[RecordRefused]]) -> None:
    """Write each refused record once, whoever refused it."""
    rows = [
        {
            "topic": refused.topic,
            "partition": refused.partition,
            "offset": refused.offset,
            "code": refused.code,
            "detail": refused.detail,
            "refused_at": refused.refused_at,
            "body": refused.model_dump_json(),
        }
        for refused in (event.data for event in events)
    ]
    put_once(connection, deadletters, rows)
