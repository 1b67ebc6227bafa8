"""Settings as an environment has them: words."""

import pytest
from pydantic import ValidationError

from deploy.settings import CobuildSettings


@pytest.mark.parametrize("word", ["6", "9"])
def test_the_width_of_shards_can_be_set_from_the_environment(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COBUILD_SHARD_WIDTH", word)
    assert CobuildSettings().shard_width == int(word)


@pytest.mark.parametrize("word", ["7", "six"])
def test_another_width_is_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COBUILD_SHARD_WIDTH", word)
    with pytest.raises(ValidationError, match="shard_width"):
        CobuildSettings()


@pytest.mark.parametrize("prefix", ["", "staging.", "staging.simulation-1a2b."])
def test_a_prefix_ends_with_a_dot_and_may_have_parts(prefix: str) -> None:
    assert CobuildSettings(kafka="h:1", kafka_prefix=prefix).kafka_connection.topic("t") == f"{prefix}t"


@pytest.mark.parametrize("prefix", ["staging", ".", "Staging.", "a b."])
def test_a_prefix_that_brokers_or_people_would_misread_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="kafka_prefix"):
        CobuildSettings(kafka_prefix=prefix)


@pytest.mark.parametrize("missing", ["smtp_from", "public_url"])
def test_e_mail_needs_a_sender_and_a_way_out(missing: str) -> None:
    whole = {"smtp_host": "mail.example.org", "smtp_from": "a@example.org", "public_url": "https://cobuild.example.org"}
    office = CobuildSettings.model_validate(whole).post_office
    assert office is not None
    assert (office.sender, office.public_url) == ("a@example.org", "https://cobuild.example.org")
    with pytest.raises(ValidationError, match="COBUILD_SMTP_FROM and COBUILD_PUBLIC_URL"):
        CobuildSettings.model_validate({name: value for name, value in whole.items() if name != missing})
    assert CobuildSettings().post_office is None
