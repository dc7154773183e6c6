"""Accumulate KPIs, compare them with targets, decide awards and earnings. Pure."""
