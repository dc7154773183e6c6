"""Benchmarks: throughput of the whole path, checked for correctness."""
