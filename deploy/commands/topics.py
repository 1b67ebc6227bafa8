"""``cobuild topics``: our topics on a Kafka cluster, as the registry has them."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import out, settings_from, told
from deploy.settings import CobuildSettings

if TYPE_CHECKING:
    from streams.kafka.standing import Standing

app = typer.Typer(no_args_is_help=True, help="Our topics on Kafka: make them, compare them, see who has read how far.")

Brokers = Annotated[str | None, typer.Option(help="Brokers, HOST:PORT; else COBUILD_KAFKA.")]
Partitions = Annotated[int | None, typer.Option(help="Partitions of every topic; else COBUILD_PARTITIONS.")]
Replication = Annotated[int | None, typer.Option(help="Replicas of every topic; else COBUILD_KAFKA_REPLICATION.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("apply")
def apply(kafka: Brokers = None, partitions: Partitions = None, replication: Replication = None) -> None:
    """Make the topics what the registry says. Never deletes; never moves a key to another partition."""
    from streams.kafka.admin import apply_topics  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(kafka=kafka, partitions=partitions, kafka_replication=replication)
    with told(LogError, ValueError, OSError):
        applied = apply_topics(
            settings.kafka_connection, partitions=settings.partitions, replication=settings.kafka_replication
        )
    for name in applied.created:
        out.print(f"created  {name}", highlight=False)
    for name in applied.grown:
        out.print(f"grown    {name}: {settings.partitions} partitions", highlight=False)
    for drift in applied.altered:
        out.print(f"set      {drift.topic}: {drift.what} = {drift.wanted} (was {drift.found})", highlight=False)
    for drift in applied.left:
        out.print(f"left     {drift.topic}: {drift.what} {drift.found}, not {drift.wanted}", highlight=False)
    if not (applied.created or applied.grown or applied.altered or applied.left):
        out.print("Nothing to do: the topics are as the registry says.")


@app.command("check")
def check(
    kafka: Brokers = None, partitions: Partitions = None, replication: Replication = None, as_json: Json = False
) -> None:
    """Tell how the topics differ from the registry; exit with 1 where they do."""
    from deploy.topic_tables import drift_json, drift_table  # noqa: PLC0415
    from streams.kafka.admin import check_topics  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(kafka=kafka, partitions=partitions, kafka_replication=replication)
    with told(LogError, ValueError, OSError):
        differences = check_topics(
            settings.kafka_connection, partitions=settings.partitions, replication=settings.kafka_replication
        )
    if as_json:
        print(json.dumps([drift_json(drift) for drift in differences]))
    elif differences:
        out.print(drift_table(differences))
    else:
        out.print("The topics are as the registry says.")
    if differences:
        raise typer.Exit(1)


@app.command("describe")
def describe(
    kafka: Brokers = None,
    shard: Annotated[str | None, typer.Option(help="Only the partition of this shard, such as 310105.")] = None,
    as_json: Json = False,
) -> None:
    """Show how far each topic goes and how far each group is behind, by partition; a shard lies in one partition."""
    from deploy.topic_tables import group_lines, shard_table, standing_json, standing_table  # noqa: PLC0415
    from streams.kafka.standing import describe_topics  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(kafka=kafka)
    with told(LogError, ValueError, OSError):
        standing = describe_topics(settings.kafka_connection)
        if not standing.extents:
            raise LogError("none of our topics is there; make them with: cobuild topics apply")
        partition = _partition_of(shard, standing) if shard else None
        shards = _shards(settings, standing, partition)
    if as_json:
        print(json.dumps(standing_json(standing, shards)))
        return
    out.print(standing_table(standing, partition=partition))
    if shards:
        out.print(shard_table(standing, shards))
    for line in group_lines(standing):
        out.print(line, highlight=False)


@app.command("docs")
def docs() -> None:
    """Print the topic table in Markdown: docs/topics.md."""
    from deploy.settings import CobuildSettings  # noqa: PLC0415
    from streams.kafka.topics import topics_page  # noqa: PLC0415

    print(topics_page(partitions=CobuildSettings.model_fields["partitions"].default), end="")


def _shards(settings: CobuildSettings, standing: "Standing", partition: int | None) -> dict[int, list[str]]:
    """Return the shards of ``partition``, or of every partition that has snapshots on Kafka."""
    from schemas.topics import MANIFESTS  # noqa: PLC0415
    from streams.kafka.snapshots import KafkaSnapshots  # noqa: PLC0415
    from streams.kafka.standing import shards_of  # noqa: PLC0415

    kept = [place.partition for place, at in standing.extents.items() if place.topic == MANIFESTS.name and at.end > 0]
    store = KafkaSnapshots(settings.kafka_connection, partitions=_count(standing))
    try:
        return shards_of(store, kept if partition is None else {partition} & set(kept))
    finally:
        store.close()


def _partition_of(shard: str, standing: "Standing") -> int:
    from streams.partitioner import partition_of  # noqa: PLC0415

    return partition_of(shard.encode(), _count(standing))


def _count(standing: "Standing") -> int:
    """Return the number of partitions that our topics have."""
    return 1 + max(place.partition for place in standing.extents)
