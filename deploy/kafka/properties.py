"""The files of a broker: server.properties and its logging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.ports import HOST

LOGGING = """\
Configuration:
  Appenders:
    Console: {name: err, target: SYSTEM_ERR, PatternLayout: {pattern: "%d %p %m (%c)%n"}}
  Loggers:
    Root: {level: warn, AppenderRef: [{ref: err}]}
"""
_INTERNAL_PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Node:
    """One broker, which is also one controller, and where both listen."""

    id: int
    port: int
    controller_port: int


def server_properties(node: Node, nodes: Sequence[Node], *, data: Path, extra: Mapping[str, str]) -> str:
    """Return the text of ``server.properties``; ``extra`` goes over what we say."""
    replicas = min(3, len(nodes))
    in_sync = max(1, replicas - 1)
    listener = f"PLAINTEXT://{HOST}:{node.port}"
    values: dict[str, object] = {
        "node.id": node.id,
        "process.roles": "broker,controller",
        "listeners": f"{listener},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": listener,
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": ",".join(f"{each.id}@{HOST}:{each.controller_port}" for each in nodes),
        "log.dirs": data,
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": 0,
        "broker.session.timeout.ms": 6000,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        values |= {f"{topic}.replication.factor": replicas, f"{topic}.num.partitions": _INTERNAL_PARTITIONS}
    for topic in ("transaction.state.log", "share.coordinator.state.topic"):
        values[f"{topic}.min.isr"] = in_sync
    return "".join(f"{name}={value}\n" for name, value in {**values, **extra}.items())
