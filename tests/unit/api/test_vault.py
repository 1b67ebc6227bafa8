"""The vault opens with its key alone, row by row, and forgets for good."""

import sqlite3
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from api.store import open_store
from api.vault import Vault, new_master_key
from tests.apiworld import MASTER_KEY, NOW

WHO = {"name": "欧阳明月", "phone": "13912345678"}


def _vault(path: Path, key: bytes = MASTER_KEY) -> Vault:
    return Vault(engine=open_store(path), master_key=key)


def test_what_was_put_can_be_read_and_replaced(tmp_path: Path) -> None:
    vault = _vault(tmp_path / "api.sqlite3")
    vault.put(ref="member:m-1", fields=WHO, at=NOW)
    assert vault.read(ref="member:m-1", reason="test") == WHO
    vault.put(ref="member:m-1", fields={"name": "新名"}, at=NOW)
    assert vault.read(ref="member:m-1", reason="test") == {"name": "新名"}
    assert vault.read(ref="member:m-2", reason="test") is None


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    _vault(tmp_path / "api.sqlite3").put(ref="member:m-1", fields=WHO, at=NOW)
    with pytest.raises(InvalidTag):
        _vault(tmp_path / "api.sqlite3", new_master_key()).read(ref="member:m-1", reason="test")


def test_a_row_moved_to_another_person_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "api.sqlite3"
    vault = _vault(path)
    vault.put(ref="member:m-1", fields=WHO, at=NOW)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE identities SET ref = 'member:m-2'")
    with pytest.raises(InvalidTag):
        vault.read(ref="member:m-2", reason="test")


@pytest.mark.parametrize("column", ["wrapped_key", "ciphertext"])
def test_a_changed_row_does_not_open(tmp_path: Path, column: str) -> None:
    path = tmp_path / "api.sqlite3"
    vault = _vault(path)
    vault.put(ref="member:m-1", fields=WHO, at=NOW)
    with sqlite3.connect(path) as connection:
        (value,) = connection.execute(f"SELECT {column} FROM identities").fetchone()  # noqa: S608 - one of two words
        changed = value[:-1] + bytes([value[-1] ^ 1])
        connection.execute(f"UPDATE identities SET {column} = ?", (changed,))  # noqa: S608 - one of two words
    with pytest.raises(InvalidTag):
        vault.read(ref="member:m-1", reason="test")


def test_equal_people_look_unlike(tmp_path: Path) -> None:
    path = tmp_path / "api.sqlite3"
    vault = _vault(path)
    for place in (1, 2):
        vault.put(ref=f"member:m-{place}", fields=WHO, at=NOW)
    with sqlite3.connect(path) as connection:
        first, second = connection.execute("SELECT wrapped_key, ciphertext FROM identities").fetchall()
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_of_a_forgotten_person_not_even_the_ciphertext_is_left_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "api.sqlite3"
    vault = _vault(path)
    vault.put(ref="member:m-1", fields=WHO, at=NOW)
    with sqlite3.connect(path) as connection:
        wrapped, ciphertext = connection.execute("SELECT wrapped_key, ciphertext FROM identities").fetchone()
    connection.close()
    assert vault.forget("member:m-1")
    assert not vault.forget("member:m-1")
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert wrapped not in left
    assert ciphertext not in left


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_a_key_of_another_length_is_refused(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        _vault(tmp_path / "api.sqlite3", key)
