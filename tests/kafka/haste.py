"""Brokers that start soon: tests start some sixty of them, each for a short life.

Java compiles once and not twice, collects garbage with one thread, and takes Kafka's classes from an archive that a
broker writes at its end (class data sharing): a start takes a quarter of the processor's time. An archive that does not
fit the jars or the Java at hand is read past. ``cobuild kafka start`` is for longer lives and does without.
"""

import os
import tempfile
from pathlib import Path

from deploy.kafka.cluster import Cluster

OPTIONS = "JAVA_TOOL_OPTIONS"
_SOON = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def hasten(libs: Path) -> None:
    """Have every Java that this process and its children start be quick about it."""
    told = os.environ.get(OPTIONS, "").split()
    if _SOON[0] in told:  # by the process that started this one
        return
    archive = _archive(libs)
    known = (f"-XX:SharedArchiveFile={archive}",) if archive.exists() else ()
    os.environ[OPTIONS] = " ".join((*_SOON, *known, *told))


def keep_classes(libs: Path) -> None:
    """Write the archive for the jars in ``libs``, by the life of one broker, unless it is there already."""
    archive = _archive(libs)
    if archive.exists() and archive.stat().st_mtime > libs.stat().st_mtime:
        return
    archive.unlink(missing_ok=True)
    os.environ[OPTIONS] = " ".join((*_SOON, f"-XX:ArchiveClassesAtExit={archive}"))
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(Path(directory), libs=libs)
        try:
            cluster.start(brokers=1)
        finally:
            cluster.stop()


def _archive(libs: Path) -> Path:
    return libs.with_name("classes.jsa")
