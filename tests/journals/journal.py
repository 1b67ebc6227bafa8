"""A journal: the inputs and the rounds of a log as lines of JSON, in an order in which they may be appended."""

import json
from pathlib import Path

from schemas.catalogue import Catalogue, load_catalogue
from schemas.topics import INPUTS, ROUNDS
from streams.log import Draft, Log, Record
from tests.loops import records

HERE = Path(__file__).parent
TOPICS = (*(topic.name for topic in INPUTS), ROUNDS.name)
PARTITIONS = 2


def names() -> list[str]:
    """Return the names of the journals that are kept."""
    return sorted(path.stem for path in HERE.glob("*.jsonl"))


def catalogue() -> Catalogue:
    """Return the catalogue of all journals: their own, so that no other change of a catalogue reaches them."""
    return load_catalogue(HERE / "catalogue")


async def text_of(log: Log) -> str:
    """Return what lies in ``log`` as the text of a journal."""
    lines = [_line(record) for topic in TOPICS for record in await records(log, topic)]
    return "".join(f"{line}\n" for line in lines)


async def lay(log: Log, name: str) -> None:
    """Append a journal that is kept to an empty log of ``PARTITIONS`` partitions."""
    for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        topic, draft = read(line)
        await log.append(topic, [draft])


def read(line: str) -> tuple[str, Draft]:
    """Return the topic and the record of one line."""
    held = json.loads(line)
    headers = [(f"ce_{name}", held[name].encode()) for name in ("id", "source", "type", "time")]
    return held["topic"], Draft(key=held["key"].encode(), value=held["value"].encode(), headers=headers)


def _line(record: Record) -> str:
    headers = {name.removeprefix("ce_"): value.decode() for name, value in record.headers}
    held = {"topic": record.topic, "key": (record.key or b"").decode()}
    held |= {name: headers[name] for name in ("id", "source", "type", "time")}
    held["value"] = (record.value or b"").decode()
    return json.dumps(held, ensure_ascii=False)
