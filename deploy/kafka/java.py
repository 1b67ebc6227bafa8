"""Java and Maven: found, or missed with one clear sentence."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.kafka.errors import ToolMissingError

OLDEST = 17
"""Kafka 4 brokers run on no older Java."""


def java() -> str:
    """Return the path of Java. Raises ToolMissingError where there is none, or only one that is too old."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    if found is None:
        raise ToolMissingError(
            f"Kafka needs Java {OLDEST} or newer, and there is no java on the path "
            "(Debian: apt install default-jre-headless)"
        )
    version = java_version(_told_version(found))
    if version is None or version < OLDEST:
        raise ToolMissingError(f"Kafka needs Java {OLDEST} or newer; {found} is {version or 'of unknown version'}")
    return found


def maven() -> str:
    """Return the path of Maven. Raises ToolMissingError where there is none."""
    found = shutil.which("mvn")
    if found is None:
        raise ToolMissingError(
            "Kafka's jars are fetched by Maven, and there is no mvn on the path (Debian: apt install maven)"
        )
    return found


def java_version(told: str) -> int | None:
    """Return the feature release in what ``java -version`` tells, such as 17; None where it tells none."""
    match = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(match[1]) if match else None


def _told_version(path: str) -> str:
    try:
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - found on the path
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissingError(f"{path} does not run: {error}") from None
    return done.stderr + done.stdout
