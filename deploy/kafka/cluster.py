"""A cluster of one or three brokers in one directory: laid out, started, stopped, found again by another process."""

import base64
import fcntl
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from deploy.kafka.broker import Broker
from deploy.kafka.errors import BrokerError
from deploy.kafka.ports import HOST, free_ports, is_free
from deploy.kafka.properties import Node, server_properties
from deploy.kafka.ready import wait_until_ready

SIZES = (1, 3)
PATIENCE_S = 20.0


class Cluster:
    """What lies in ``directory``: ``cluster.json`` and a directory for each broker.

    ``extra`` goes over every broker's properties, ``format_options`` to Kafka's ``format`` (such as SCRAM users).
    """

    def __init__(
        self, directory: Path, *, libs: Path, extra: Mapping[str, str] | None = None, format_options: Sequence[str] = ()
    ) -> None:
        self.directory = directory.absolute()
        self._libs = libs
        self._extra = dict(extra or {})
        self._format_options = tuple(format_options)
        self._file = self.directory / "cluster.json"
        self.brokers: tuple[Broker, ...] = self._made(self._nodes()) if self._file.exists() else ()

    @property
    def bootstrap(self) -> str:
        """Where clients begin: ``HOST:PORT`` of every broker."""
        return ",".join(broker.address for broker in self.brokers)

    @property
    def running(self) -> int:
        """How many brokers run."""
        return sum(broker.pid is not None for broker in self.brokers)

    def start(self, *, brokers: int | None = None, port: int | None = None) -> bool:
        """Start what does not run and wait until all are ready; return False where all ran already.

        ``brokers`` is 1 or 3, by default as many as there were before, else one; ``port`` is the first broker's, its
        fellows' and the controllers' follow it. Raises BrokerError where that cannot be; what was started then stops.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._lay_out(brokers, port)
            self._format()
            begun = [broker for broker in self.brokers if broker.pid is None]
            try:
                for broker in begun:
                    broker.start()
                wait_until_ready(self.brokers)
            except BaseException:  # Ctrl-C too leaves nothing behind that half runs
                _stop(begun)
                raise
        return bool(begun)

    def stop(self) -> int:
        """Stop all brokers in order; return how many ran. Raises BrokerError where one does not end."""
        if not self.brokers:
            return 0
        with self._alone():
            return _stop(self.brokers)

    def kill(self) -> int:
        """End all brokers at once, by SIGKILL, for who does not want their data again; return how many ran."""
        return sum([broker.kill() for broker in self.brokers])

    def _lay_out(self, count: int | None, port: int | None) -> None:
        nodes = self._nodes() if self._file.exists() else []
        if not self.brokers:  # another process may have laid them out since
            self.brokers = self._made(nodes)
        if nodes and count not in (None, len(nodes)):
            raise BrokerError(
                f"the cluster under {self.directory} has {len(nodes)} broker(s), with their data; "
                f"for {count} take another data directory, or remove that one"
            )
        if self.running:
            if port not in (None, nodes[0].port):
                raise BrokerError(f"the cluster runs at {self.bootstrap}; stop it first to change its port")
            return
        nodes = chosen(len(nodes) or count or 1, before=nodes, port=port)
        self._keep(nodes)
        self.brokers = self._made(nodes)
        for broker in self.brokers:
            broker.write(server_properties(broker.node, nodes, data=broker.data, extra=self._extra))

    def _format(self) -> None:
        cluster_id = json.loads(self._file.read_text(encoding="utf-8"))["cluster_id"]
        begun = [(broker, broker.formatting(cluster_id, *self._format_options)) for broker in self.brokers]
        for broker, formatting in begun:
            if formatting is not None:
                broker.formatted(formatting)

    def _nodes(self) -> list[Node]:
        return [Node(**node) for node in json.loads(self._file.read_text(encoding="utf-8"))["nodes"]]

    def _keep(self, nodes: Sequence[Node]) -> None:
        known = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        known = {"cluster_id": known.get("cluster_id") or _random_id(), "nodes": [asdict(node) for node in nodes]}
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        draft.replace(self._file)

    def _made(self, nodes: Sequence[Node]) -> tuple[Broker, ...]:
        return tuple(Broker(node, self.directory / f"broker-{node.id}", libs=self._libs) for node in nodes)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.directory / "cluster.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def chosen(count: int, *, before: Sequence[Node], port: int | None) -> list[Node]:
    """Return the nodes of a cluster of ``count``.

    They listen on ``port`` and those after it, else where they did ``before``, else on free ports. Raises BrokerError
    where a given port is taken.
    """
    if count not in SIZES:
        raise BrokerError(f"a cluster has {' or '.join(map(str, SIZES))} brokers, not {count}")
    if port is None and before and all(is_free(node.port) and is_free(node.controller_port) for node in before):
        return list(before)
    ports = free_ports(2 * count) if port is None else list(range(port, port + 2 * count))
    taken = [each for each in ports if not is_free(each)]
    if taken:
        raise BrokerError(f"port {taken[0]} on {HOST} is taken by somebody else; choose with --port")
    return [Node(id=i + 1, port=ports[i], controller_port=ports[count + i]) for i in range(count)]


def _stop(brokers: Sequence[Broker]) -> int:
    """Stop brokers all at once, for the last one could hand over to nobody; return how many ran.

    A broker that lost its quorum waits for it in vain when it is asked to stop. It ends by SIGKILL after a while:
    what it acknowledged lies in its files all the same.
    """
    asked = [(broker, broker.ask_to_stop()) for broker in brokers]
    deadline = time.monotonic() + PATIENCE_S
    for broker, pid in asked:
        if pid is not None:
            try:
                broker.wait_until_gone(pid, within_s=max(0, deadline - time.monotonic()))
            except BrokerError:
                broker.kill()
    return sum(pid is not None for _, pid in asked)


def _random_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=").replace("-", "A", 1)
