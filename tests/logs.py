"""What modules of ours log, for tests to look at."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from logging import NOTSET
from types import ModuleType
from typing import Any
from unittest.mock import patch

import structlog


@contextmanager
def logged_by(*modules: ModuleType) -> Iterator[list[MutableMapping[str, Any]]]:
    """Hear ``modules`` for the time of the block; nothing of it is printed.

    Their loggers are replaced by new ones: one that spoke while a command was tested in this process keeps the
    processors of that moment, and would not be heard; nor would quiet words be, after a command that logs loud ones.
    """
    before = structlog.get_config()
    patches = [patch.object(module, "log", structlog.get_logger(module.__name__)) for module in modules]
    for each in patches:
        each.start()
    try:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(NOTSET))
        with structlog.testing.capture_logs() as logged:
            yield logged
    finally:
        for each in patches:
            each.stop()
        structlog.configure(**before)
