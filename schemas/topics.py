"""The topic registry: the single source for topics, keys, models, retention and who writes what."""

from dataclasses import dataclass

from schemas import (
    assignments,
    claims,
    deadletters,
    demands,
    enrolment,
    lives,
    resources,
    responses,
    rounds,
    transfers,
)
from schemas.base import Fact

DAY_MS = 24 * 3600 * 1000
DEFAULT_PARTITIONS = 8
"""Of every topic, unless it is set otherwise."""
MAX_MESSAGE_BYTES = 9 * 1024 * 1024
"""What a topic takes in one batch: the largest record (``schemas.envelope``), and room for what frames it."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: its CloudEvents ``type`` and its model."""

    name: str
    model: type[Fact]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; the key of every record is the shard key, so that a shard keeps its order."""

    name: str
    title: str
    events: tuple[EventType, ...]
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    retention_ms: int = -1
    cleanup_policy: str = "delete"
    max_message_bytes: int = MAX_MESSAGE_BYTES

    def model(self, event_type: str) -> type[Fact] | None:
        """Return the model of an event type, or None where this topic does not take it."""
        return next((event.model for event in self.events if event.name == event_type), None)


def _event(name: str, model: type[Fact]) -> EventType:
    return EventType(f"cn.cobuild.{name}.v1", model)


RESOURCES = Topic(
    name="cobuild.resources.v1",
    title="Enrolments and the resource list 报到与资源清单",
    events=(
        _event("unit.enrolled", enrolment.UnitEnrolled),
        _event("unit.left", enrolment.UnitLeft),
        _event("member.enrolled", enrolment.MemberEnrolled),
        _event("member.left", enrolment.MemberLeft),
        _event("resource.offered", resources.ResourceOffered),
        _event("resource.revised", resources.ResourceRevised),
        _event("resource.suspended", resources.ResourceSuspended),
        _event("resource.withdrawn", resources.ResourceWithdrawn),
    ),
    written_by=("api", "importers", "units' own systems"),
    read_by=("matcher", "projector"),
)
DEMANDS = Topic(
    name="cobuild.demands.v1",
    title="The demand list 需求清单",
    events=(
        _event("demand.posted", demands.DemandPosted),
        _event("demand.revised", demands.DemandRevised),
        _event("demand.whistled", demands.DemandWhistled),
        _event("demand.withdrawn", demands.DemandWithdrawn),
    ),
    written_by=("api", "importers", "other systems, such as hotlines"),
    read_by=("matcher", "projector"),
)
RESPONSES = Topic(
    name="cobuild.responses.v1",
    title="Answers to assignments, and claims 答复与认领",
    events=(
        _event("response.accepted", responses.AssignmentAccepted),
        _event("response.declined", responses.AssignmentDeclined),
        _event("response.done", responses.AssignmentDone),
        _event("response.no_show", responses.AssignmentNoShow),
        _event("claim.made", claims.ClaimMade),
        _event("claim.dropped", claims.ClaimDropped),
    ),
    written_by=("api",),
    read_by=("matcher", "projector"),
)
TRANSFERS = Topic(
    name="cobuild.transfers.v1",
    title="What passes between shards 流转",
    events=(
        _event("resource.shown", transfers.ResourceShown),
        _event("demand.carried", transfers.DemandCarried),
        _event("demand.escalated", transfers.DemandEscalated),
        _event("hold.asked", transfers.HoldAsked),
        _event("seat.returned", transfers.SeatReturned),
    ),
    written_by=("matcher",),
    read_by=("matcher", "projector"),
)
PROJECTS = Topic(
    name="cobuild.projects.v1",
    title="Projects, and every other life: what people decide, step by step 项目与办理",
    events=tuple(_event(name, model) for name, model in lives.events()),
    written_by=("api",),
    read_by=("projector", "matcher (which only checks them)"),
)
ROUNDS = Topic(
    name="cobuild.rounds.v1",
    title="The decision log 轮次",
    events=(_event("round.decided", rounds.RoundDecided),),
    written_by=("matcher",),
    read_by=("matcher", "projector", "replay"),
)
ASSIGNMENTS = Topic(
    name="cobuild.assignments.v1",
    title="What the world reads 匹配",
    events=(
        _event("assignment.proposed", assignments.AssignmentProposed),
        _event("assignment.confirmed", assignments.AssignmentConfirmed),
        _event("assignment.revoked", assignments.AssignmentRevoked),
        _event("assignment.expired", assignments.AssignmentExpired),
        _event("assignment.fulfilled", assignments.AssignmentFulfilled),
    ),
    written_by=("matcher",),
    read_by=("projector", "anyone"),
)
DEADLETTERS = Topic(
    name="cobuild.deadletters.v1",
    title="Refused records with their reason 死信",
    events=(
        _event("record.refused", deadletters.RecordRefused),
        _event("record.replayed", deadletters.RecordReplayed),
    ),
    written_by=("any reader", "operators"),
    read_by=("projector", "operators"),
    retention_ms=90 * DAY_MS,
)

TOPICS: tuple[Topic, ...] = (RESOURCES, DEMANDS, RESPONSES, TRANSFERS, PROJECTS, ROUNDS, ASSIGNMENTS, DEADLETTERS)
TOPIC_BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}
INPUTS: tuple[Topic, ...] = (RESOURCES, DEMANDS, RESPONSES, TRANSFERS, PROJECTS)
"""What the matcher reads beside its own rounds; what is not valid goes to dead letters. It folds all but projects."""

SNAPSHOTS = Topic(
    name="cobuild.snapshots.v1",
    title="Chunks of the shards' snapshots 快照",
    events=(),
    written_by=("matcher",),
    read_by=("matcher",),
    cleanup_policy="compact",
    max_message_bytes=2 * 1024 * 1024,
)
MANIFESTS = Topic(
    name="cobuild.manifests.v1",
    title="Which chunks make up which snapshot 快照目录",
    events=(),
    written_by=("matcher",),
    read_by=("matcher",),
    cleanup_policy="compact",
)
TICKS = Topic(
    name="cobuild.ticks.v1",
    title="When rounds are due, where time is virtual 节拍",
    events=(),
    written_by=("simulation", "matcher"),
    read_by=("matcher", "simulation"),
    retention_ms=DAY_MS,
)
STATE_TOPICS: tuple[Topic, ...] = (SNAPSHOTS, MANIFESTS)
"""What workers leave for one another, on Kafka alone; no events, so that nobody who reads events reads them."""
ALL_TOPICS: tuple[Topic, ...] = (*TOPICS, *STATE_TOPICS, TICKS)
"""What has to be there on Kafka."""

EVENT_NAME: dict[type[Fact], str] = {event.model: event.name for topic in TOPICS for event in topic.events}
TOPIC_OF_MODEL: dict[type[Fact], Topic] = {event.model: topic for topic in TOPICS for event in topic.events}
