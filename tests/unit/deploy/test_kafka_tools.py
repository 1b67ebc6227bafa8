"""What ``cobuild kafka start`` says where Java, Maven or the jars are missing; and how the jars are fetched."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.command import app
from deploy.kafka import libs
from deploy.kafka.errors import ToolMissingError
from deploy.kafka.java import java_version
from deploy.kafka.libs import fetch, step_of

JAVA = "echo 'openjdk version \"{version}\" 2025-04-15' >&2"
FAILING = """\
echo '[INFO] Scanning for projects...'
echo '[ERROR] Failed to execute goal: Could not transfer artifact org.apache.kafka:kafka_2.13:jar:4.3.1'
exit 1
"""
WORKING = """\
for argument in "$@"; do case "$argument" in -DoutputDirectory=*) to="${argument#*=}";; esac; done
echo 'Downloaded from central: https://example.org/org/apache/kafka/kafka_2.13-4.3.1.jar (6 MB at 3 MB/s)'
echo '[INFO] Copying kafka_2.13-4.3.1.jar to somewhere'
: > "$to/kafka_2.13-4.3.1.jar"
echo once >> "$COUNT"
"""


class Programs:
    """A directory of programs that is the whole search path."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def has(self, name: str, script: str) -> None:
        program = self.directory / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return Programs(directory)


def start(tmp_path: Path) -> Result:
    result = CliRunner().invoke(app, ["kafka", "start", "--data-dir", str(tmp_path)], env={"COLUMNS": "300"})
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    return result


def test_no_java_is_one_clear_line(path: Programs, tmp_path: Path) -> None:
    (line,) = start(tmp_path).output.strip().splitlines()
    assert line.startswith("cobuild: Kafka needs Java 17 or newer, and there is no java on the path")


def test_an_old_java_is_named(path: Programs, tmp_path: Path) -> None:
    path.has("java", JAVA.format(version="11.0.22"))
    (line,) = start(tmp_path).output.strip().splitlines()
    assert "Java 17 or newer" in line
    assert line.endswith("is 11")


def test_no_maven_is_one_clear_line(path: Programs, tmp_path: Path) -> None:
    path.has("java", JAVA.format(version="17.0.15"))
    (line,) = start(tmp_path).output.strip().splitlines()
    assert line.startswith("cobuild: Kafka's jars are fetched by Maven, and there is no mvn on the path")


def test_what_maven_says_is_passed_on_and_nothing_half_fetched_stays(path: Programs, tmp_path: Path) -> None:
    path.has("java", JAVA.format(version="17.0.15"))
    path.has("mvn", FAILING)
    said = start(tmp_path).output
    assert "Maven could not fetch Kafka's jars" in said
    assert "Could not transfer artifact" in said
    assert not (tmp_path / "kafka" / "libs").exists()


def test_the_jars_are_fetched_once_and_again_when_others_are_named(
    path: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.has("java", JAVA.format(version="21"))
    path.has("mvn", WORKING)
    monkeypatch.setenv("PATH", f"{path.directory}{os.pathsep}/usr/bin{os.pathsep}/bin")
    steps: list[str] = []
    for _ in range(2):
        assert list(fetch(tmp_path / "libs", progress=steps.append).glob("*.jar"))
    assert steps == ["fetched kafka_2.13-4.3.1.jar", "copied kafka_2.13-4.3.1.jar"]

    pom = tmp_path / "pom.xml"
    pom.write_text(libs.POM.read_text().replace("4.3.1", "4.3.2"))
    monkeypatch.setattr(libs, "POM", pom)
    fetch(tmp_path / "libs")
    assert (tmp_path / "count").read_text().split() == ["once", "once"]

    pom.write_text(pom.read_text().replace("4.3.2", "4.3.3"))
    path.has("mvn", FAILING)
    with pytest.raises(ToolMissingError):
        fetch(tmp_path / "libs")
    assert list((tmp_path / "libs").glob("*.jar")), "what was there went with a fetch that failed"


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ("no such thing", None),
    ],
)
def test_java_tells_its_version(told: str, version: int | None) -> None:
    assert java_version(told) == version


def test_only_some_lines_of_maven_are_progress() -> None:
    assert step_of("[INFO] BUILD SUCCESS") is None
    assert step_of("[INFO] Copying zstd-jni-1.5.6.jar to /somewhere/zstd-jni-1.5.6.jar") == "copied zstd-jni-1.5.6.jar"


def test_the_pom_names_versions_and_no_place_to_fetch_from() -> None:
    text = libs.POM.read_text(encoding="utf-8")
    assert "<version>4.3.1</version>" in text
    assert "repositor" not in text
