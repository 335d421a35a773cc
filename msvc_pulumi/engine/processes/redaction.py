"""`hidden` returns a text without the secrets of an environment; `shown` a URL without its own.

The engine prints the URL of a backend that it cannot open as it is, password and all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, quote, unquote, urlsplit

__all__ = ["hidden", "shown"]

SECRET = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "PGPASSWORD",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
)
SHORTEST = 6  # a shorter one is hidden in its URL only: it may be part of any word
MASK = "****"


def shown(url: str) -> str:
    """The URL without password and parameters."""
    parts = urlsplit(url)
    user = f"{parts.username}:{MASK}@" if parts.password else ""
    return f"{parts.scheme}://{user or ''}{parts.netloc.rpartition('@')[2]}{parts.path}"


def hidden(text: str, environment: Mapping[str, str]) -> str:
    """The text with a mask wherever a secret of ``environment`` stood."""
    for secret, mask in _secrets(environment):
        text = text.replace(secret, mask)
    return text


def _secrets(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    url = environment.get("PULUMI_BACKEND_URL", "")
    if url:
        try:
            parts = urlsplit(url)
        except ValueError:
            yield url, MASK  # who knows what it is
            return
        password = parts.netloc.rpartition("@")[0].partition(":")[2]
        if password:
            yield f":{password}@", f":{MASK}@"
        stated = [unquote(password), *parse_qs(parts.query).get("password", ())]
        for plain in stated:
            # The engine may have decoded it, or encoded it in its own way.
            for form in {plain, quote(plain), quote(plain, safe=""), password}:
                if len(form) >= SHORTEST:
                    yield form, MASK
    for name in SECRET:
        if len(value := environment.get(name, "")) >= SHORTEST:
            yield value, MASK
