"""ClickHouse's configuration and users as XML, from plain values."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

KPISTREAM = "kpistream"  # tables
BI = "bi"  # views for people

# Two cores and a few gigabytes: ClickHouse's defaults are made for whole servers.
SERVER_SETTINGS: dict[str, Any] = {
    "max_server_memory_usage": 6_000_000_000,
    "mark_cache_size": 256_000_000,
    "uncompressed_cache_size": 0,
    "index_mark_cache_size": 64_000_000,
    "max_concurrent_queries": 200,
    "backups": {"allowed_path": "backups"},  # of BACKUP … TO File(…): a folder beside the data
    "background_pool_size": 2,
    "background_merges_mutations_concurrency_ratio": 2,
    "background_schedule_pool_size": 4,
    "background_common_pool_size": 2,
    "background_move_pool_size": 1,
    "background_fetches_pool_size": 1,
    "background_buffer_flush_schedule_pool_size": 1,
    "background_distributed_schedule_pool_size": 1,
    "background_message_broker_schedule_pool_size": 1,
    # These defaults ask for more free slots than the small pool above has.
    "merge_tree": {
        "number_of_free_entries_in_pool_to_lower_max_size_of_merge": 2,
        "number_of_free_entries_in_pool_to_execute_mutation": 2,
        "number_of_free_entries_in_pool_to_execute_optimize_entire_partition": 2,
    },
}

# BI tools set these by themselves and give up when they may not; what they may set is bounded.
_BI_CHANGEABLE: dict[str, dict[str, Any]] = {
    "max_execution_time": {"max": 300},
    "max_result_rows": {},
    "max_result_bytes": {},
    "result_overflow_mode": {},
    "max_block_size": {},
    "max_threads": {"max": 4},
    "max_memory_usage": {"max": 2_000_000_000},
    "join_use_nulls": {},
    "prefer_column_name_to_alias": {},
    "session_timezone": {},
    "date_time_input_format": {},
    "date_time_output_format": {},
    "output_format_json_quote_64bit_integers": {},
    "output_format_json_quote_denormals": {},
    "output_format_native_encode_types_in_binary_format": {},
    "output_format_binary_write_json_as_string": {},
    "cancel_http_readonly_queries_on_client_close": {},
    "send_progress_in_http_headers": {},
    "http_headers_progress_interval_ms": {},
    "enable_http_compression": {},
    "log_comment": {},
}

# ClickHouse 26.7 turns `employee != ''` into a look at `employee.size`, which a view does not have, and fails.
_AS_WRITTEN = {"optimize_functions_to_subcolumns": 0}

PROFILES: dict[str, Any] = {
    "default": {"max_threads": 2, "max_memory_usage": 4_000_000_000, **_AS_WRITTEN},
    BI: {
        **_AS_WRITTEN,
        "readonly": 1,
        "max_execution_time": 60,
        "max_memory_usage": 1_000_000_000,
        "max_threads": 2,
        "constraints": {
            name: {"changeable_in_readonly": {}, **bounds} for name, bounds in _BI_CHANGEABLE.items()
        },
    },
}


@dataclass(frozen=True)
class User:
    """An account. `row_filters` maps "database.table" to the condition its rows must meet."""

    name: str
    password: str = field(repr=False)
    grants: Sequence[str]
    profile: str = "default"
    row_filters: Mapping[str, str] = field(default_factory=dict)


def writer(password: str) -> User:
    """The account of workers, sinks and migrations."""
    everything = [f"GRANT ALL ON {database}.*" for database in (KPISTREAM, BI, "default")]
    return User("writer", password, [
        *everything,
        "GRANT SELECT ON system.*",
        "GRANT TABLE ENGINE ON *",
        "GRANT SYSTEM FLUSH LOGS, SYSTEM SYNC REPLICA, KILL QUERY ON *.*",
        "GRANT CREATE TEMPORARY TABLE, CREATE FUNCTION ON *.*",
        # Views in `bi` run with the rights of this account, so that readers need none on the tables.
        "GRANT SET DEFINER ON writer",
    ])


def bi(password: str) -> User:
    """The account of BI tools: the views and nothing else."""
    return User(BI, password, [f"GRANT SELECT, SHOW ON {BI}.*"], profile=BI)


def server_xml(users_file: Path, log: Path) -> str:
    """The server's configuration file."""
    return _document({
        "logger": {"level": "information", "log": log, "size": "50M", "count": 2, "console": 0},
        "users_config": users_file,
        "user_directories": {"users_xml": {"path": users_file}},
        **SERVER_SETTINGS,
    })


def users_xml(users: Sequence[User]) -> str:
    """The users file: hashes of passwords, never the passwords."""
    return _document({
        "profiles": PROFILES,
        "quotas": {"default": {}},
        "users": {"default": _DEFAULT_USER, **{user.name: _user(user) for user in users}},
    })


# The library runs its own never-ending query as `default`, which cannot have a password and comes from this
# address like everybody else. So anyone on this machine may become `default`, and it may do next to nothing.
_DEFAULT_USER: dict[str, Any] = {
    "password": "", "networks": {"ip": "127.0.0.1"}, "profile": "default", "quota": "default",
    "grants": {"query": ["GRANT SELECT ON system.numbers", "GRANT SYSTEM LISTEN ON *.*"]},
}


def _user(user: User) -> dict[str, Any]:
    described: dict[str, Any] = {
        "password_sha256_hex": hashlib.sha256(user.password.encode()).hexdigest(),
        "networks": {"ip": ["127.0.0.1", "::1"]},
        "profile": user.profile,
        "quota": "default",
        "grants": {"query": list(user.grants)},
    }
    databases: dict[str, Any] = {}
    for table, condition in user.row_filters.items():
        database, name = table.split(".", 1)
        databases.setdefault(database, {})[name] = {"filter": condition}
    return described | ({"databases": databases} if databases else {})


def _document(content: Mapping[str, Any]) -> str:
    return f'<?xml version="1.0"?>\n<clickhouse>\n{_elements(content)}</clickhouse>\n'


def _elements(content: Mapping[str, Any], indent: str = "  ") -> str:
    """A mapping as elements; a list repeats its element, an empty mapping is an empty element."""
    lines = []
    for name, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                inner = f"\n{_elements(item, indent + '  ')}{indent}" if item else ""
            else:
                inner = escape(str(item))
            lines.append(f"{indent}<{name}>{inner}</{name}>\n")
    return "".join(lines)
