"""Pairs of args, a BaseConfig's and a ModelService's, with what ``byFlag`` makes of them.

    python tools/options/pairs.py 900 1 > pairs.jsonl

`answers` asks vLLM's parser about them; most random lines are valid, some are not.
"""

from __future__ import annotations

import json
import sys
from random import Random

from lines import ENTRIES, MODELS, SWITCHES, VALUES, line

from msvc_pulumi.merge.arguments import by_flag

NAMES = [*VALUES, *SWITCHES, *ENTRIES, *ENTRIES]


def pair(random: Random) -> tuple[list[str], list[str]]:
    base = random.sample(NAMES, random.randint(1, 6))
    shared = random.sample(base, random.randint(0, min(3, len(base))))
    overlay = [*shared, *random.sample(NAMES, random.randint(0, 3))]
    if random.random() < 0.3:  # repeats
        base += random.sample(base, 1)
    random.shuffle(overlay)
    models = random.choice([("b", ""), ("b", "o"), ("b", "o"), ("", "o"), ("", "")])
    named = [random.choice(MODELS) if side else "" for side in models]
    return line(random, base, model=named[0]), line(random, overlay, model=named[1])


def merged(base: list[str], overlay: list[str]) -> list[str]:
    """What a container with the command ``vllm serve`` gets."""
    words = {"base": base, "overlay": overlay}
    pieces = by_flag({"command": ["vllm", "serve"], "args": base}, {"args": overlay})
    return [words[side][number] if made is None else made for side, number, made in pieces]


if __name__ == "__main__":
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    chance = Random(seed)
    for _ in range(count):
        left, right = pair(chance)
        print(json.dumps({"base": left, "overlay": right, "merged": merged(left, right)}))
