"""Evaluations in the drawer: unreadable on the disk, under one digest each, and gone once they were shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from api.drawer import Drawer, Words
from api.store import open_store
from schemas.lives.evaluation import digest_of

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
WORDS = Words(project="p-1", party="community:310105001001", score=2, text="送餐常常迟到")


def drawer(directory: Path, *, key: bytes = bytes(32)) -> Drawer:
    return Drawer(engine=open_store(directory / "api.sqlite3"), master_key=key)


def test_what_is_kept_is_not_on_the_disk_in_the_clear_and_comes_back_whole(tmp_path: Path) -> None:
    drawer(tmp_path).put(WORDS, at=NOW)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert WORDS.text.encode() not in on_disk
    assert "迟到".encode() not in on_disk
    again = drawer(tmp_path)
    assert again.of("p-1") == {again.digest(WORDS): WORDS}
    assert again.projects() == ["p-1"]


def test_the_digest_is_that_of_the_contract_and_nobody_can_guess_its_salt(tmp_path: Path) -> None:
    ours = drawer(tmp_path)
    salt = ours.salt(WORDS)
    assert ours.digest(WORDS) == digest_of(project="p-1", party=WORDS.party, score=2, text="送餐常常迟到", salt=salt), (
        "what the log shows later is checked by this"
    )
    assert salt != drawer(tmp_path, key=bytes(range(32))).salt(WORDS)
    other = Words(project="p-1", party="unit:52310105MJ47000120", score=2, text=WORDS.text)
    assert ours.digest(other) != ours.digest(WORDS)
    assert ours.salt(other) != salt


def test_saying_it_again_keeps_one_and_saying_something_else_keeps_both(tmp_path: Path) -> None:
    ours = drawer(tmp_path)
    kinder = Words(project="p-1", party=WORDS.party, score=5, text="很好")
    for words in (WORDS, WORDS, kinder):
        ours.put(words, at=NOW)
    assert len(ours.of("p-1")) == 2, "the log says which of them counts"
    assert ours.of("p-1")[ours.digest(WORDS)] == WORDS


def test_an_emptied_drawer_keeps_what_is_of_others(tmp_path: Path) -> None:
    ours = drawer(tmp_path)
    ours.put(WORDS, at=NOW)
    ours.put(Words(project="p-2", party=WORDS.party, score=1, text=""), at=NOW)
    ours.empty("p-1")
    assert ours.of("p-1") == {}
    assert ours.projects() == ["p-2"]


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    drawer(tmp_path).put(WORDS, at=NOW)
    with pytest.raises(InvalidTag):
        drawer(tmp_path, key=bytes(range(32))).of("p-1")
