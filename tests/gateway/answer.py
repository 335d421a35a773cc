"""What comes back for a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, and what the picker did to the request on its way."""

    status: int
    headers: Mapping[str, str]
    """Of the response, names in lower case."""
    body: bytes
    destination: str = ""
    """``address:port`` that the picker chose; empty where it answered itself."""
    added: Mapping[str, str] = field(default_factory=dict)
    """Headers that the picker set on the request."""
    sent: Mapping[str, Any] = field(default_factory=dict)
    """The body that the model server got."""

    @property
    def content(self) -> Any:
        """The body, decoded. Raises ValueError if it is not JSON."""
        return json.loads(self.body)
