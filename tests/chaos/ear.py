"""Hears when a process says that it is ready, as systemd would: by ``sd_notify``."""

import os
import socket
from contextlib import suppress

from tests.chaos.process import Actor


class Ear:
    """One socket for all lives of one process; ``address`` goes into its environment as ``NOTIFY_SOCKET``."""

    def __init__(self, name: str) -> None:
        self.address = f"@cobuild-chaos-{os.getpid()}-{name}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # every word comes with who said it
        self._socket.bind(f"\0{self.address[1:]}")
        self._ready_pid = -1

    async def is_ready(self, actor: Actor) -> bool:
        """Whether the process of now has said READY=1; what those before it said does not count."""
        self.listen()
        return self._ready_pid == actor.pid

    def listen(self) -> None:
        """Take in what was said."""
        with suppress(BlockingIOError):
            while True:
                said, pid = self._hear()
                if b"READY=1" in said.split(b"\n"):
                    self._ready_pid = pid

    def _hear(self) -> tuple[bytes, int]:
        said, ancillary, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(12))
        pid = 0
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = int.from_bytes(data[:4], "little")
        return said, pid

    def close(self) -> None:
        self._socket.close()
