"""How the states of shards come back: from the log alone, and from each place where snapshots lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from matcher.state.snapshot import dump
from schemas.catalogue import load_catalogue
from schemas.policy import Policy
from streams.host import TOPICS, ShardHost
from streams.log import Log, LogError
from streams.restore import restore_partition
from streams.snapshots import SnapshotStore

FROM_NOTHING = "the log alone"
READ = 2000
READ_S = 30.0


@dataclass
class Comeback:
    """Digests of the states at the log's end, how many records had to be read, from how many snapshots."""

    states: dict[str, str] = field(default_factory=dict)
    records: int = 0
    snapshots: int = 0


async def come_back(
    log: Log, stores: Mapping[str, SnapshotStore], policy: Policy, found: list[str]
) -> dict[str, Comeback]:
    """Bring every partition's states back once from the log alone and once from each store; add what fails to found."""
    comebacks = {}
    sources: dict[str, SnapshotStore | None] = {FROM_NOTHING: None, **stores}
    for name, store in sources.items():
        comebacks[name] = Comeback()
        try:
            await _come_back(log, store, policy, comebacks[name])
        except (LogError, OSError) as error:
            found.append(f"the states do not come back from {name}: {error}")
    return comebacks


async def _come_back(log: Log, store: SnapshotStore | None, policy: Policy, comeback: Comeback) -> None:
    host = ShardHost(catalogue=load_catalogue(), policy=policy, partition_of=log.partition_of)
    ends = await log.end_offsets(TOPICS)
    for partition in range(log.partitions):
        restored = await restore_partition(partition, log=log, host=host, store=store)
        comeback.snapshots += len(restored.saved)
    reader = log.reader(dict(host.positions))
    try:
        while any(host.positions[place] < end for place, end in ends.items()):
            records = await reader.poll(max_records=READ, timeout_s=READ_S)
            if not records:
                raise LogError(f"nothing comes after {host.positions} of {ends}")
            comeback.records += len(records)
            for record in records:
                host.fold(record)
    finally:
        await reader.close()
    for shard in host.shards():
        state = host.state(shard)
        comeback.states[shard] = blake2b(dump(state), digest_size=12).hexdigest() if state else "none"
