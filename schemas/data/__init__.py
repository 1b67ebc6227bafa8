"""Shipped data sets; ``docs/data.md`` names their sources and licences."""

from pathlib import Path

DATA = Path(__file__).parent
"""Where the data sets lie: one directory per catalogue, with its regions."""
