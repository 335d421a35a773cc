"""Redaction: no secret of an environment is in a text that has been through it."""

from __future__ import annotations

import pytest

from msvc_pulumi.engine.processes.redaction import hidden, shown

URL = "postgres://user:p%40ss%2Fword@host:5432/db?sslmode=require&table=states"


@pytest.mark.parametrize(
    "text",
    [
        f"unable to open bucket {URL}: no",
        "password authentication failed: p@ss/word",
        "postgres://user:p%40ss/word@host",
    ],
)
def test_a_password_is_hidden_in_every_form(text: str) -> None:
    """As it was stated, decoded, and encoded in another way."""
    found = hidden(text, {"PULUMI_BACKEND_URL": URL})

    assert "ss%2Fword" not in found and "ss/word" not in found
    assert "****" in found


def test_other_secrets_are_hidden() -> None:
    """Passphrases and keys of the environment go too; what is no secret stays."""
    environment = {
        "AWS_SECRET_ACCESS_KEY": "abcdefgh",
        "PULUMI_CONFIG_PASSPHRASE": "open sesame",
        "PULUMI_BACKEND_URL": "s3://bucket/path?region=eu",
        "HOME": "/home/user",
    }
    text = "abcdefgh in /home/user opens s3://bucket/path?region=eu with open sesame"
    assert hidden(text, environment) == (
        "**** in /home/user opens s3://bucket/path?region=eu with ****"
    )


def test_a_short_password_does_not_eat_words() -> None:
    """One that may be part of any word is hidden in its URL only."""
    environment = {"PULUMI_BACKEND_URL": "postgres://user:a@host/db"}
    assert hidden("a bad postgres://user:a@host/db", environment) == (
        "a bad postgres://user:****@host/db"
    )


def test_what_is_shown_of_a_url() -> None:
    """Neither password nor parameters, which may hold one."""
    assert shown(URL) == "postgres://user:****@host:5432/db"
    assert shown("s3://bucket/a/b?endpoint=http://x") == "s3://bucket/a/b"
