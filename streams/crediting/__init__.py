"""Crediting: who gets credit for an event, and how much; duplicates dropped, refunds met with their sales."""

from streams.crediting.stage import Crediting

__all__ = ["Crediting"]
