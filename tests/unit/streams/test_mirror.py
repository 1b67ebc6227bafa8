"""Snapshots in two places: the local one decides, the remote one may fail."""

import pytest

from streams.mirror import MirroredSnapshots

MANIFEST = "p3/manifest-000000000001"


class Shop:
    """Blobs in memory that can be out of reach; ``calls`` tells in which order it was asked."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.away = False

    def write(self, name: str, data: bytes) -> None:
        self._called(f"write {name}")
        self.blobs[name] = data

    def read(self, name: str) -> bytes | None:
        self._called(f"read {name}")
        return self.blobs.get(name)

    def names(self, prefix: str) -> list[str]:
        self._called("names")
        return sorted(name for name in self.blobs if name.startswith(prefix))

    def delete(self, name: str) -> None:
        self._called(f"delete {name}")
        self.blobs.pop(name, None)

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.away:
            raise OSError("out of reach")


@pytest.fixture
def here() -> Shop:
    return Shop()


@pytest.fixture
def there() -> Shop:
    return Shop()


@pytest.fixture
def both(here: Shop, there: Shop) -> MirroredSnapshots:
    return MirroredSnapshots(here, there, quiet_s=0.0)


def test_a_manifest_comes_after_every_snapshot_that_it_may_name(
    both: MirroredSnapshots, here: Shop, there: Shop
) -> None:
    both.write("p3/b-1", b"b")
    both.write("p3/a-1", b"a")
    both.write("p1/other-1", b"of another partition")
    assert there.blobs == {}
    both.write(MANIFEST, b"m")
    assert there.blobs == {"p3/a-1": b"a", "p3/b-1": b"b", MANIFEST: b"m"}
    assert [call for call in there.calls if call.startswith("write")][-1] == f"write {MANIFEST}"
    there.calls.clear()
    both.write("p3/a-2", b"a again")
    both.write("p3/manifest-000000000002", b"m")
    assert [call for call in there.calls if call.startswith("write")] == [
        "write p3/a-2",
        "write p3/manifest-000000000002",
    ], "what is there is not written again, old manifests neither"
    assert here.blobs == there.blobs | {"p1/other-1": b"of another partition"}


def test_what_is_only_remote_is_kept_here_when_read(both: MirroredSnapshots, here: Shop, there: Shop) -> None:
    there.blobs = {"p3/a-1": b"a"}
    assert both.names("p3/") == ["p3/a-1"]
    assert both.read("p3/a-1") == b"a"
    assert here.blobs == {"p3/a-1": b"a"}
    there.away = True
    assert both.read("p3/a-1") == b"a"
    assert both.read("p3/never-1") is None


def test_what_is_deleted_is_deleted_in_both(both: MirroredSnapshots, here: Shop, there: Shop) -> None:
    both.write("p3/a-1", b"a")
    both.write(MANIFEST, b"m")
    both.delete("p3/a-1")
    assert both.names("p3/") == [MANIFEST]
    assert "p3/a-1" not in here.blobs | there.blobs


def test_a_remote_store_that_fails_stops_nobody_and_is_brought_up_later(
    both: MirroredSnapshots, here: Shop, there: Shop
) -> None:
    there.away = True
    both.write("p3/a-1", b"a")
    both.write(MANIFEST, b"m")
    both.delete("p3/never-1")
    assert both.names("p3/") == ["p3/a-1", MANIFEST]
    there.away = False
    both.write("p3/b-2", b"b")
    both.write("p3/manifest-000000000002", b"m")
    assert there.blobs == {"p3/a-1": b"a", "p3/b-2": b"b", "p3/manifest-000000000002": b"m"}


def test_after_a_failure_the_remote_store_is_left_alone_for_a_while(here: Shop, there: Shop) -> None:
    both = MirroredSnapshots(here, there, quiet_s=3600.0)
    there.away = True
    assert both.read("p3/a-1") is None
    there.calls.clear()
    for number in range(5):
        both.write(f"p3/manifest-{number:012}", b"m")
        assert both.read("p3/a-1") is None
    assert there.calls == []


def test_a_local_store_that_fails_is_told(here: Shop, both: MirroredSnapshots, there: Shop) -> None:
    here.away = True
    with pytest.raises(OSError, match="out of reach"):
        both.write(MANIFEST, b"m")
    assert there.blobs == {}, "nobody may be told of a snapshot that this machine does not have"


def test_a_snapshot_that_cannot_be_kept_here_is_read_all_the_same(
    both: MirroredSnapshots, here: Shop, there: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(name: str, data: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(here, "write", full)
    there.blobs = {"p3/a-1": b"a"}
    assert both.read("p3/a-1") == b"a"
