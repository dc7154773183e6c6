"""ClickHouse: numbered migrations, and the check that tables and log agree."""
