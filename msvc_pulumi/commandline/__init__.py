"""Command lines as the programs of this field read them: vLLM, SGLang, Go programs, shells."""
