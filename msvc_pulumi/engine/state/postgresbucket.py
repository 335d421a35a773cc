"""`PostgresBucket`: the table of a Postgres database in which the engine keeps objects.

Layout: ``pkg/backend/diy/postgres`` (``schema.sql``, ``bucket.go``). The engine prefixes all keys
with the name of the database.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import pq, sql

from msvc_pulumi.engine.processes.redaction import hidden, shown
from msvc_pulumi.engine.state.bucket import BucketError

__all__ = ["PostgresBucket", "parameters"]

TABLE = "pulumi_state"
ATTEMPTS, PAUSE = 4, 0.5  # how often a lost connection is made anew, and seconds in between
WILD = re.compile(r"([\\%_])")

READ = "SELECT data ->> 'data' FROM {} WHERE key = %s"
WRITE = (
    "INSERT INTO {} (key, data) VALUES (%s, %s) "
    "ON CONFLICT (key) DO UPDATE SET data = excluded.data, updated_at = now()"
)
EXISTS = "SELECT 1 FROM {} WHERE key = %s"
KEYS = "SELECT key FROM {} WHERE key LIKE %s ORDER BY key"
# As the engine makes it, when we come first (``schema.sql``).
CREATE = (
    "CREATE TABLE IF NOT EXISTS {0} (key TEXT PRIMARY KEY, data JSON NOT NULL, "
    "updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()); "
    "CREATE INDEX IF NOT EXISTS {1} ON {0} (key text_pattern_ops)"
)
REMOVE = "DELETE FROM {} WHERE key = ANY(%s)"


class PostgresBucket:
    """The objects of one table, over one connection. Safe to use from several threads."""

    remote = True

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        self.name = shown(url)
        self._environment = {**environment, "PULUMI_BACKEND_URL": url}
        database = urlsplit(url).path.strip("/")
        self._prefix = f"{unquote(database)}/" if database else ""
        self._parameters, table = parameters(url, environment)
        # The engine does not quote it.
        self._table = sql.Identifier(table.lower())
        self._index = sql.Identifier(f"{table.lower()}_key_prefix_idx")
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def read(self, key: str) -> bytes | None:
        rows = self._query(READ, self._prefix + key)
        return base64.b64decode(rows[0][0]) if rows else None

    def write(self, key: str, content: bytes) -> None:
        data = json.dumps({"data": base64.b64encode(content).decode()})
        try:
            self._query(WRITE, self._prefix + key, data)
        except _TableMissingError:
            self._query(CREATE)
            self._query(WRITE, self._prefix + key, data)

    def exists(self, key: str) -> bool:
        return bool(self._query(EXISTS, self._prefix + key))

    def keys(self, prefix: str) -> list[str]:
        rows = self._query(KEYS, WILD.sub(r"\\\1", self._prefix + prefix) + "%")
        return [row[0].removeprefix(self._prefix) for row in rows]

    def remove(self, keys: Iterable[str]) -> None:
        if wanted := [self._prefix + key for key in keys]:
            self._query(REMOVE, wanted)

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows, none while there is no table yet."""
        query = sql.SQL(statement).format(self._table, self._index)
        with self._lock:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    cursor = self._connect().execute(query, values or None)
                    return cursor.fetchall() if cursor.description else []
                except psycopg.errors.UndefinedTable:
                    if statement == WRITE:
                        raise _TableMissingError from None
                    return []
                except (psycopg.OperationalError, psycopg.errors.UniqueViolation) as error:
                    # The connection is lost, or somebody else makes the table at this moment.
                    self._disconnect()
                    if attempt == ATTEMPTS:
                        raise self._failed(error) from None  # its cause may hold the password
                    time.sleep(PAUSE * attempt)
                except psycopg.Error as error:
                    raise self._failed(error) from None
        return []

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(autocommit=True, **self._parameters)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _failed(self, error: psycopg.Error) -> BucketError:
        text = " ".join(str(error).split()) or type(error).__name__
        return BucketError.of(self.name, hidden(text, self._environment))


class _TableMissingError(Exception):
    """Nothing was ever written."""


def parameters(url: str, environment: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """What libpq is to be told, and the name of the table."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    table = asked.pop("table", TABLE)
    stated: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": unquote(parts.path.strip("/")),
    }
    known = {item.keyword.decode() for item in pq.Conninfo.get_defaults()}
    options = " ".join(f"-c {name}={value}" for name, value in asked.items() if name not in known)
    found = {name: value for name, value in stated.items() if value}
    found |= {name: value for name, value in asked.items() if name in known}
    if options:
        found["options"] = f"{found.get('options', '')} {options}".strip()
    # Where the engine's driver and libpq differ: not over a socket, unless that is named.
    if not ({"host", "hostaddr"} & found.keys() or environment.get("PGHOST")):
        found["host"] = "localhost"
    return found, table
