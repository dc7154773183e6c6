"""From topics to ClickHouse: rows (pure), the loader, the checkpoint store."""
