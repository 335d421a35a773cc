"""What to write now in place of flags that releases of vLLM have dropped or never had."""

from __future__ import annotations

from msvc_pulumi.commandline.options import Release

__all__ = ["DROPPED_KEYS", "INSTEAD", "PAIRS_UNTIL"]

# Keys of JSON options that are gone: the first release known to refuse them, and what to write.
DROPPED_KEYS: dict[tuple[str, str], tuple[Release, str]] = {
    ("compilation-config", "level"): ((0, 18, 1), "write mode"),
    ("compilation-config", "use_inductor"): ((0, 12, 0), "write backend"),
}
# Options that took ``image=2`` before this release, and take JSON since.
PAIRS_UNTIL: dict[str, Release] = {"limit-mm-per-prompt": (0, 10, 0)}

NOTHING = "remove it; vLLM does without"
SPECULATION = "write --speculative-config with the fields of the same purpose"

# By the option's name. Source: the release notes and parsers of vLLM 0.6 to 0.33.
INSTEAD: dict[str, str] = {
    "task": "write --runner pooling, with --convert embed, classify or reward, or nothing",
    "guided-decoding-backend": "write --structured-outputs-config.backend",
    "guided-decoding-disable-fallback": "write --structured-outputs-config.disable_fallback",
    "guided-decoding-disable-any-whitespace": (
        "write --structured-outputs-config.disable_any_whitespace"
    ),
    "guided-decoding-disable-additional-properties": (
        "write --structured-outputs-config.disable_additional_properties"
    ),
    "enable-reasoning": "remove it; --reasoning-parser alone switches reasoning on",
    "worker-use-ray": "write --distributed-executor-backend ray",
    "rope-scaling": "write --hf-overrides with rope_parameters",
    "rope-theta": "write --hf-overrides with rope_parameters",
    "cuda-graph-sizes": "write --cudagraph-capture-sizes",
    "max-seq-len-to-capture": "write --max-cudagraph-capture-size",
    "disable-mm-preprocessor-cache": "write --mm-processor-cache-gb 0",
    "override-neuron-config": "write --additional-config",
    "override-pooler-config": "write --pooler-config",
    "logits-processor-pattern": "write --logits-processors",
    "num-redundant-experts": "write --eplb-config.num_redundant_experts",
    "eplb-window-size": "write --eplb-config.window_size",
    "eplb-step-interval": "write --eplb-config.step_interval",
    "eplb-log-balancedness": "write --eplb-config.log_balancedness",
    "speculative-model": SPECULATION,
    "num-speculative-tokens": SPECULATION,
    "speculative-draft-tensor-parallel-size": SPECULATION,
    "ngram-prompt-lookup-max": SPECULATION,
    "ngram-prompt-lookup-min": SPECULATION,
    "enable-multimodal-encoder-data-parallel": "write --mm-encoder-tp-mode data",
    "device": "remove it; the image decides",
    "swap-space": NOTHING,
    "use-v2-block-manager": NOTHING,
    "num-scheduler-steps": NOTHING,
    "multi-step-stream-outputs": NOTHING,
    "preemption-mode": NOTHING,
    "num-lookahead-slots": NOTHING,
    "scheduler-delay-factor": NOTHING,
    "tokenizer-pool-size": NOTHING,
    "tokenizer-pool-type": NOTHING,
    "tokenizer-pool-extra-config": NOTHING,
    "disable-async-output-proc": "write --no-async-scheduling if that is what it was for",
    "--expert-parallel-size": "write --enable-expert-parallel; the size is tensor x data",
    "--ep-size": "write --enable-expert-parallel; the size is tensor x data",
}
