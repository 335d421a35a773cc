"""Planned objects against published schemas, as `msvc validate` asks."""
