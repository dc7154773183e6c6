"""The embedded stack: a real Kafka and a real ClickHouse as child processes, no containers needed."""
