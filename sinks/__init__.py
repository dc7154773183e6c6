"""Where results go: the ClickHouse loader and the checkpoint store."""
