"""The embedded log: one SQLite file behind the log port."""

from streams.embedded.log import EmbeddedLog

__all__ = ["EmbeddedLog"]
