"""The key file of the vault: made once, whole or not at all; a lost key would lose every identity."""

import os
import stat
from pathlib import Path

import pytest

from deploy.settings import CobuildSettings


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = CobuildSettings(data_dir=tmp_path)
    key = settings.vault_master_key()
    assert len(key) == 32
    assert CobuildSettings(data_dir=tmp_path).vault_master_key() == key
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]


def test_who_is_killed_while_making_it_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(SystemExit):
            CobuildSettings(data_dir=tmp_path).vault_master_key()
    assert not (tmp_path / "vault.key").exists()
    assert len(CobuildSettings(data_dir=tmp_path).vault_master_key()) == 32


def test_of_two_that_make_it_at_once_both_use_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def too_late(draft: Path, path: Path) -> None:
        path.write_bytes(b"k" * 32)
        link(draft, path)

    monkeypatch.setattr(os, "link", too_late)
    assert CobuildSettings(data_dir=tmp_path).vault_master_key() == b"k" * 32
