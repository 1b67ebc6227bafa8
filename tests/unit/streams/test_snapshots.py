"""The snapshot store on disk: whole or not at all."""

import os
from pathlib import Path

import pytest

from streams.manifest import Manifest, read_manifests, saved_shard, snapshot_name, write_manifest
from streams.pace import Pace
from streams.snapshots import FileSnapshots


@pytest.fixture
def store(tmp_path: Path) -> FileSnapshots:
    return FileSnapshots(tmp_path / "snapshots")


def test_what_was_written_is_read_by_another_store_on_the_same_directory(tmp_path: Path) -> None:
    FileSnapshots(tmp_path).write("p0/a", b"\x00state\n")
    assert FileSnapshots(tmp_path).read("p0/a") == b"\x00state\n"


def test_the_newest_content_of_a_name_stands(store: FileSnapshots) -> None:
    store.write("p0/a", b"old")
    store.write("p0/a", b"new")
    assert store.read("p0/a") == b"new"


def test_nothing_is_read_where_nothing_was_written(store: FileSnapshots) -> None:
    assert store.read("p0/a") is None
    assert store.names("p0/") == []


def test_names_are_found_by_their_beginning_in_order(store: FileSnapshots) -> None:
    for name in ("p1/b-2", "p1/a-1", "p1/b-1", "p11/b-1"):
        store.write(name, b"x")
    assert store.names("p1/") == ["p1/a-1", "p1/b-1", "p1/b-2"]
    assert store.names("p1/b-") == ["p1/b-1", "p1/b-2"]


def test_a_deleted_name_is_gone_and_may_be_deleted_again(store: FileSnapshots) -> None:
    store.write("p0/a", b"x")
    store.delete("p0/a")
    store.delete("p0/a")
    assert store.read("p0/a") is None


@pytest.mark.parametrize("place", [0, 5, 25, 40, -1])
def test_a_flipped_bit_is_noticed_wherever_it_is(store: FileSnapshots, tmp_path: Path, place: int) -> None:
    store.write("p0/a", b"a state of some length")
    (path,) = tmp_path.rglob("*.snapshot")
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert store.read("p0/a") is None


def test_a_write_that_dies_leaves_the_old_content(store: FileSnapshots, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("p0/a", b"old")

    def die(handle: int) -> None:
        raise OSError("power failed")

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(OSError, match="power failed"):
        store.write("p0/a", b"new")
    assert store.read("p0/a") == b"old"
    assert store.names("p0/") == ["p0/a"]


def test_what_killed_writers_left_is_swept_away_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    store = FileSnapshots(tmp_path)
    store.write("p0/a", b"one")
    dead, alive = tmp_path / "p0" / "b.snapshot.17.part", tmp_path / "p0" / "c.snapshot.18.part"
    dead.write_bytes(b"half")
    alive.write_bytes(b"half")
    os.utime(dead, (0, 0))
    store.write("p0/d", b"two")
    assert not dead.exists()
    assert alive.exists()
    assert (store.read("p0/a"), store.read("p0/d")) == (b"one", b"two")


def test_a_manifest_names_shards_of_every_level(store: FileSnapshots) -> None:
    saved = {
        shard: saved_shard(snapshot_name(0, shard, b"x"), size=1, offsets={}, pace=Pace())
        for shard in ("310105", "3101", "yangtze-delta")
    }
    written = Manifest(state_format=1, catalogue="", partition=0, positions={}, witnesses={}, shards=saved)
    write_manifest(store, written)
    assert read_manifests(store, 0) == [(1, written)]
