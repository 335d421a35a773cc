"""Drives the real Pulumi engine, and finds or builds the tools that takes."""
