"""Processes that the engine's work takes: how they end, and what they may say."""
