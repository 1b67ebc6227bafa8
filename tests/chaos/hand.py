"""What a stranger writes: what nobody can read, what cannot be, and now and then good facts."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.demands import DemandWithdrawn
from schemas.envelope import encode, new_event
from schemas.topics import DEMANDS, RESOURCES, RESPONSES, ROUNDS
from streams.log import Draft
from tests.chaos import entries

SOURCE = "stranger"
PHONE = "13712340000"
"""In what the stranger writes; it may stand in its own records and nowhere else."""

Parcel = tuple[str, str | None, str, Draft]
"""What it is, the code it must be refused with (None: good), the topic, and the record."""


class Hand:
    """Writes records of all kinds; ``mark`` makes each unlike the others."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)
        self._posted: dict[str, dict[str, Any]] = {}

    def next(self, mark: str) -> Parcel:
        """Return another record, mostly a bad one."""
        makers: list[Callable[[str], Parcel]] = [
            self._noise, self._noise, self._no_headers, self._broken_json, self._deep_json, self._no_value,
            self._unknown_type, self._type_of_another_topic, self._wrong_key, self._odd_key, self._short_key,
            self._phone, self._phone_in_noise, self._impossible, self._unknown_item, self._extra_field, self._bad_time,
            self._noise_among_rounds, self._answer_to_nobody, self._good, self._good, self._stale, self._gone_again,
        ]  # fmt: skip
        return self._chance.choice(makers)(mark)

    def _noise(self, mark: str) -> Parcel:
        topic = self._chance.choice((RESOURCES, DEMANDS, RESPONSES)).name
        size = self._chance.choice((0, 1, 40, 40, 40, 40, 2_000, 20_000))
        key = self._chance.choice((None, b"", b"310105", self._chance.randbytes(9)))
        return "noise", "not_a_cloud_event", topic, Draft(key, mark.encode() + self._chance.randbytes(size))

    def _noise_among_rounds(self, mark: str) -> Parcel:
        return "noise among rounds", "not_a_cloud_event", ROUNDS.name, Draft(self._key(), mark.encode())

    def _no_headers(self, mark: str) -> Parcel:
        draft = self._draft(self._demand(mark), mark)
        return "no headers", "not_a_cloud_event", DEMANDS.name, Draft(draft.key, draft.value)

    def _broken_json(self, mark: str) -> Parcel:
        draft = self._draft(self._demand(mark), mark)
        cut = (draft.value or b"")[: self._chance.randint(1, 200)]
        return "broken JSON", "invalid_json", DEMANDS.name, Draft(draft.key, cut, draft.headers)

    def _deep_json(self, mark: str) -> Parcel:
        draft = self._draft(self._demand(mark), mark)
        return "deep JSON", "invalid_json", DEMANDS.name, Draft(draft.key, b"[" * 50_000, draft.headers)

    def _no_value(self, mark: str) -> Parcel:
        draft = self._draft(self._demand(mark), mark)
        return "no value", "invalid_json", DEMANDS.name, Draft(draft.key, None, draft.headers)

    def _unknown_type(self, mark: str) -> Parcel:
        return "unknown type", "unknown_event_type", DEMANDS.name, self._draft(self._demand(mark), mark, kind="danced")

    def _type_of_another_topic(self, mark: str) -> Parcel:
        return "wrong topic", "unknown_event_type", RESOURCES.name, self._draft(self._demand(mark), mark)

    def _wrong_key(self, mark: str) -> Parcel:
        others = [district for district in (*entries.DISTRICTS, "110101") if district != self._district(mark)]
        draft = self._draft(self._demand(mark), mark, key=self._chance.choice(others).encode())
        return "wrong key", "wrong_key", DEMANDS.name, draft

    def _odd_key(self, mark: str) -> Parcel:
        key = self._chance.choice((b"\xff\xfe", "区".encode(), b"", None, b"310105\x00"))
        return "odd key", "wrong_key", DEMANDS.name, self._draft(self._demand(mark), mark, key=key)

    def _short_key(self, mark: str) -> Parcel:
        place = self._demand(mark)["demand"]["community"]
        key = place[: self._chance.choice((2, 4, 9, 12))].encode()
        return "key of another width", "wrong_key", DEMANDS.name, self._draft(self._demand(mark), mark, key=key)

    def _phone(self, mark: str) -> Parcel:
        data = self._demand(mark)
        data["demand"]["title"] = f"请打 {PHONE}"
        return "phone", "personal_data", DEMANDS.name, self._draft(data, mark)

    def _phone_in_noise(self, mark: str) -> Parcel:
        return "phone in noise", "not_a_cloud_event", DEMANDS.name, Draft(self._key(), f"{mark} {PHONE}".encode())

    def _impossible(self, mark: str) -> Parcel:
        data = self._demand(mark)
        window = data["demand"]["window"]
        data["demand"]["window"] = {"start": window["end"], "end": window["start"]}
        return "impossible window", "impossible_window", DEMANDS.name, self._draft(data, mark)

    def _unknown_item(self, mark: str) -> Parcel:
        data = self._demand(mark)
        data["demand"]["lines"] = [{"item": "relief.moon_walk"}]
        return "unknown item", "unknown_item", DEMANDS.name, self._draft(data, mark)

    def _extra_field(self, mark: str) -> Parcel:
        data = self._demand(mark)
        data["demand"]["colour"] = "red"
        return "extra field", "invalid_value", DEMANDS.name, self._draft(data, mark)

    def _bad_time(self, mark: str) -> Parcel:
        draft = self._draft(self._demand(mark), mark)
        headers = [(name, b"yesterday" if name == "ce_time" else value) for name, value in draft.headers]
        return "bad time", "not_a_cloud_event", DEMANDS.name, Draft(draft.key, draft.value, headers)

    def _answer_to_nobody(self, mark: str) -> Parcel:
        at = datetime.now(UTC).isoformat()
        data = {"assignment_id": "0" * 32, "shard": self._district(mark), "by": "operator", "at": at}
        headers = self._headers(mark, "cn.cobuild.response.accepted.v1")
        return "answer to nobody", None, RESPONSES.name, Draft(self._key(mark), json.dumps(data).encode(), headers)

    def _good(self, mark: str) -> Parcel:
        data = self._demand(mark)
        self._posted[data["demand"]["demand_id"]] = data
        return "good", None, DEMANDS.name, self._draft(data, mark)

    def _stale(self, mark: str) -> Parcel:
        """Another event that claims to be the first version of a demand posted before."""
        if not self._posted:
            return self._good(mark)
        data = json.loads(json.dumps(self._chance.choice(list(self._posted.values()))))
        data["demand"]["title"] = "another thing"
        return (
            "stale",
            "stale_version",
            DEMANDS.name,
            self._draft(data, mark, key=data["demand"]["community"][:6].encode()),
        )

    def _gone_again(self, mark: str) -> Parcel:
        """Withdraw what this process posted; it is in one shard, so the good ones before it were read first."""
        if not self._posted:
            return self._good(mark)
        demand_id, data = self._posted.popitem()
        gone = {"demand_id": demand_id, "version": 2, "community": data["demand"]["community"], "reason": mark}
        draft = self._draft(gone, mark, kind="withdrawn", key=gone["community"][:6].encode())
        return "good withdrawal", None, DEMANDS.name, draft

    def _demand(self, mark: str) -> dict[str, Any]:
        body = entries.demand(self._chance, district=self._district(mark), mark=mark)
        posted_at = (datetime.now(UTC) - timedelta(hours=self._chance.randint(0, 50))).isoformat()
        return {"demand": body | {"demand_id": f"d-{mark}", "posted_at": posted_at}}

    def _draft(self, data: dict[str, Any], mark: str, *, kind: str = "posted", key: bytes | None = b"\x00") -> Draft:
        key = self._key(mark) if key == b"\x00" else key
        return Draft(key, json.dumps(data).encode(), self._headers(mark, f"cn.cobuild.demand.{kind}.v1"))

    def _headers(self, mark: str, kind: str) -> list[tuple[str, bytes]]:
        at = datetime.now(UTC)
        event = new_event(DemandWithdrawn(demand_id="d", version=1, community="310105001001"), id=f"e-{mark}",
                          source=SOURCE, key="310105", time=at)  # fmt: skip
        return [(name, kind.encode() if name == "ce_type" else value) for name, value in encode(event)[1]]

    def _district(self, mark: str) -> str:
        return entries.DISTRICTS[int(mark.rpartition("-")[2]) % len(entries.DISTRICTS)]

    def _key(self, mark: str = "x-0") -> bytes:
        return self._district(mark).encode()
