"""A gateway for tests: sends a request where an HTTPRoute, its InferencePool and picker say.

It does what a gateway with the Inference Extension does, and nothing else: no DNS, no listeners,
no filters. What it cannot do it refuses.
"""

from __future__ import annotations

from gateway.answer import Answer
from gateway.client import Gateway
from gateway.route import Backend, RouteError, resolve

__all__ = ["Answer", "Backend", "Gateway", "RouteError", "resolve"]
