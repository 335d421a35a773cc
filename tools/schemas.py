"""``make schemas``: the JSON Schemas for editors, made again from the models.

A section's file points into ``baseconfig.json``, which has them all; ``msvc schema SECTION`` prints
one that stands alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msvc_pulumi.fields.editorschema import (
    DRAFT,
    base_config_schema,
    model_service_schema,
)
from msvc_pulumi.fields.sectiondescriptions import DESCRIPTIONS

FOLDER = Path(__file__).resolve().parents[1] / "schemas"


def files() -> Iterator[tuple[Path, str]]:
    """Each file below ``FOLDER`` and what has to be in it."""
    made: dict[str, Any] = {
        "modelservice.json": model_service_schema(),
        "baseconfig.json": base_config_schema(),
    }
    for key in DESCRIPTIONS:
        there = f"../baseconfig.json#/definitions/{key}"
        made[f"sections/{key}.json"] = {"$schema": DRAFT, "title": key, "allOf": [{"$ref": there}]}
    for name, schema in made.items():
        yield FOLDER / name, json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(FOLDER.parent), file=sys.stderr)
