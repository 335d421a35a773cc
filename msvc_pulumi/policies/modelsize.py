"""How large a model's weights are at least, by its name and what its server is told.

A name says the parameters in thousands of millions, rounded; what it says of precision is what
publishers agree on. Where it says nothing, the weights of a publisher who always says so are of two
bytes, and those of others of half a byte, the least that is usual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from msvc_pulumi.commandline.reader import Statement
from msvc_pulumi.pattern import pattern

__all__ = ["Weights", "weights"]

# Organisations of the Hugging Face hub that name precisions below 16 bits in their models' names.
OUTSPOKEN = frozenset(
    {"allenai", "bigscience", "eleutherai", "facebook", "huggyllama", "ibm-granite", "lmsys"}
    | {"meta-llama", "qwen"}
)
# Models of those who do not always say so.
FAMILIES = pattern(
    r"deepseek-ai/deepseek-(?:r1-distill|llm|coder|math)-|google/gemma-(?:[23]-)?\d+b(?:-it)?$"
    r"|mistralai/mixtral-8x|tiiuae/falcon-\d+b"
)
BITS = {
    **dict.fromkeys(("fp8", "int8", "w8a8", "w8a16", "8bit"), 8),
    **dict.fromkeys(("fp4", "nvfp4", "mxfp4", "int4", "w4a16", "w4a8", "w4a4", "4bit", "awq"), 4),
    **dict.fromkeys(("bf16", "fp16"), 16),
}
QUANTIZATION = {
    **dict.fromkeys(("fp8", "fbgemm_fp8", "ptpc_fp8", "modelopt", "w8a8_int8", "w8a8_fp8"), 8),
    **dict.fromkeys(("awq", "awq_marlin", "bitsandbytes", "modelopt_fp4", "mxfp4"), 4),
}
LEAST = 4
# Words of names whose precision is anything, and options that put weights elsewhere or change them.
OPAQUE = pattern(
    r"gguf|exl\d|aqlm|hqq|quip|bnb|bitnet|\d+bits?|q\d|qat|quant|quantized|squeezellm|vptq|mlx"
    r"|autoround|sparse|pruned|draft|eagle\d?|lora|adapter|tiny|random|dummy|tokens"
)
ELSEWHERE = (
    "cpu-offload",
    "kt-",
    "modelopt-",
    "offload-",
    "ple-offload",
    "quantization-",
    "torchao",
)
CHANGING = frozenset(
    {"device", "hf-overrides", "json-model-override-args", "language-model-only"}
    | {"model-class-overrides", "quantize-and-serve"}
)
FORMATS = frozenset({"auto", "safetensors", "pt", "npcache", "mistral", "fastsafetensors"})
_COUNT = pattern(r"(?<![A-Za-z0-9.])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,3})?)[Bb](?![A-Za-z0-9])")
# Experts share what lies between them: 8x7B is 46.7B, 8x22B 141B.
SHARED = Fraction(4, 5)
# A name may round up: pythia-12b has 11.8B, gpt-oss-120b 117B.
ROUNDED = Fraction(95, 100)


class Weights(NamedTuple):
    """Bytes of weights as the name says, at least, and how that was found."""

    size: Fraction
    least: Fraction
    text: str


def weights(model: str, options: Mapping[str, Statement]) -> Weights | None:
    """The weights of ``model`` to a server with ``options``; None where that is not sure."""
    if any(name.startswith(ELSEWHERE) or name in CHANGING for name in options):
        return None
    name = model.rstrip("/").rpartition("/")[2].lower()
    words = re.split(r"[-_.]", name)
    counts = {(int(times or 1), Fraction(number)) for times, number in _COUNT.findall(name)}
    if len(counts) != 1 or any(OPAQUE.fullmatch(word) and word not in BITS for word in words):
        return None
    [(times, number)] = counts
    bits = _bits(model.lower(), words, options)
    if bits is None:
        return None
    width, is_known = bits
    size = times * number * 10**9 * width / 8 * (SHARED if times > 1 else 1)
    written = f"{times}x{float(number):g}B" if times > 1 else f"{float(number):g}B"
    each = f"{width / 8:g} byte{'s' * (width != 8)}"
    text = f"{written} parameters of {each}{'' if is_known else ', the least that is usual,'}"
    return Weights(size, size * ROUNDED, text)


def _bits(
    model: str, words: list[str], options: Mapping[str, Statement]
) -> tuple[int, bool] | None:
    """Bits of a parameter, and whether they are known and not only the least."""
    known = [BITS[word] for word in words if word in BITS]
    if "gptq" in words and not known:
        return None
    if (stated := options.get("load-format")) is not None and stated.value not in FORMATS:
        return None
    if (stated := options.get("quantization")) is not None:
        method = (stated.value or "").lower()
        if method in QUANTIZATION:
            known.append(QUANTIZATION[method])
        elif method != "compressed-tensors" or not known:
            return None
    if known:
        return min(known), True
    organisation = model.rpartition("/")[0].rpartition("/")[2]
    if organisation in OUTSPOKEN or FAMILIES.match(model):
        is_double = options.get("dtype") is not None and options["dtype"].value == "float32"
        return (32 if is_double else 16), True
    return LEAST, False
