"""``kpistream lag-exporter``: how far every consumer group is behind, for Prometheus."""
