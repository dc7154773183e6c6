"""Runs a real ClickHouse server out of libchdb.so: LIBRARY CONFIG DATA_DIR TCP_PORT HTTP_PORT.

The library's entry point is that of `clickhouse local`. The two SYSTEM statements open its listeners, and the
query after them never ends, which keeps the process serving until a signal comes.
"""

import ctypes
import os
import sys

SERVE = (
    "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "
    "SELECT sleepEachRow(3) FROM system.numbers LIMIT 1000000000 "
    "SETTINGS function_sleep_max_microseconds_per_block=0, max_block_size=1 FORMAT Null"
)


def main(library: str, config: str, data: str, tcp_port: str, http_port: str) -> int:
    """Serve until the process is told to stop."""
    arguments = [
        "clickhouse", "--interactive", "--multiquery", f"--config-file={config}", f"--path={data}",
        f"--query={SERVE}",
        "--", f"--tcp_port={tcp_port}", f"--http_port={http_port}", "--listen_host=127.0.0.1",
        "--log-level=information",
    ]
    # Not interactive, `clickhouse local` ends the process at any error that leaves a connection: one wrong
    # password, one client that disappears. Interactive it must have a terminal, so it gets a silent one.
    _keep_open, terminal = os.openpty()
    os.dup2(terminal, sys.stdin.fileno())
    server = ctypes.CDLL(library, mode=os.RTLD_NOW)
    server.chdb_query_cmdline.restype = ctypes.c_void_p
    argv = (ctypes.c_char_p * len(arguments))(*[argument.encode() for argument in arguments])
    server.chdb_query_cmdline(len(arguments), argv)
    return 1  # the query above does not end by itself: coming back means that it failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:6]))
