"""ClickHouse: numbered migrations of tables, views, and the check that tables and log agree."""
