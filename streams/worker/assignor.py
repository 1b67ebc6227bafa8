"""How the group shares the partitions out: evenly, whole, and moving as few as can be.

1. Whoever gets a partition gets it of every topic.
2. Nobody has more than one partition more than anybody else. (Faust's own rule lets a newcomer go without: four
   partitions among three would be two, two and none.)
3. A member keeps what it had, as far as that leaves the others their share.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from faust.assignor import PartitionAssignor
from faust.assignor.client_assignment import ClientAssignment

Member = TypeVar("Member", bound=str)


class EvenAssignor(PartitionAssignor):
    """See the module's rules."""

    def _perform_assignment(self, cluster: Any, member_metadata: Any) -> Any:
        clients = {member: self._get_client_metadata(metadata) for member, metadata in member_metadata.items()}
        topics = sorted({topic for metadata in member_metadata.values() for topic in metadata.subscription})
        partitions = max((len(cluster.partitions_for_topic(topic) or ()) for topic in topics), default=0)
        had = {
            member: {number for numbers in client.assignment.actives.values() for number in numbers}
            for member, client in clients.items()
        }
        shares = share_out(partitions, had)
        self._update_member_urls(clients)
        assignments = {
            member: ClientAssignment(actives={topic: sorted(share) for topic in topics if share}, standbys={})
            for member, share in shares.items()
        }
        return self._protocol_assignments(assignments, {}, {}, dict.fromkeys(topics, 0))


def share_out(partitions: int, had: Mapping[Member, set[int]]) -> dict[Member, set[int]]:
    """Return which of ``partitions`` each member gets, given what each says it had."""
    members = sorted(had, key=lambda member: (-len(had[member]), member))
    least, more = divmod(partitions, len(members)) if members else (0, 0)
    quota = {member: least + (place < more) for place, member in enumerate(members)}
    shares: dict[Member, set[int]] = {member: set() for member in members}
    left = set(range(partitions))
    for member in members:
        shares[member] = set(sorted(had[member] & left)[: quota[member]])
        left -= shares[member]
    for member in members:
        missing = sorted(left)[: quota[member] - len(shares[member])]
        shares[member] |= set(missing)
        left -= set(missing)
    return shares
