"""Ports that nobody listens on."""

import random
import socket
import time
from contextlib import ExitStack

HOST = "127.0.0.1"
_OURS = range(20_000, 32_000)
"""Below what systems give to outgoing connections, so that a broker which was away finds its port again."""
_TRIES = 200
_STEP_S = 0.05


def is_free(port: int) -> bool:
    """Tell whether ``port`` can be listened on."""
    with socket.socket() as probe:
        return _bound(probe, port)


def becomes_free(port: int, *, within_s: float = 5.0) -> bool:
    """Tell whether ``port`` can be listened on now or soon: who was killed there takes an instant to be gone."""
    deadline = time.monotonic() + within_s
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_S)
    return True


def free_ports(count: int) -> list[int]:
    """Return ``count`` different ports that are free now. Raises OSError where none are found."""
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(_OURS, _TRIES):
            if _bound(held.enter_context(socket.socket()), port):
                found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"no {count} free ports between {_OURS.start} and {_OURS.stop}")


def answers(port: int) -> bool:
    """Tell whether anybody listens on ``port``."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _bound(probe: socket.socket, port: int) -> bool:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Kafka does: what lingers from before is no bar
    try:
        probe.bind((HOST, port))
    except OSError:
        return False
    return True
