"""Telling whoever started us how we are, by the protocol of systemd's ``sd_notify``; our supervisor speaks it too.

A datagram of lines ``NAME=value`` to the Unix socket in ``NOTIFY_SOCKET``; ``READY=1`` says that the service is up.
"""

import os
import socket

import structlog

log = structlog.get_logger(__name__)

ENVIRONMENT = "NOTIFY_SOCKET"


def tell_ready(status: str = "up") -> None:
    """Say that this process does its work; nobody may be listening."""
    _tell(f"READY=1\nSTATUS={status}")


def tell_status(status: str) -> None:
    """Say in one line what this process is at."""
    _tell(f"STATUS={status}")


def _tell(message: str) -> None:
    address = os.environ.get(ENVIRONMENT)
    if not address:
        return
    if address.startswith("@"):  # Linux's names outside the file system
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)  # one who has stopped listening must not stop us
            line.sendto(message.encode(), address)
    except OSError as error:
        log.warning("who started us does not listen", socket=address, error=str(error))
