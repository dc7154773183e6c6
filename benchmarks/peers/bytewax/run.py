"""Starts the processes of a Bytewax cluster and waits for them: the flow in app.py, as many as the argument says."""

import os
import socket
import subprocess
import sys
from pathlib import Path


def main(processes: int) -> int:
    """Run them; the exit code of the first that fails."""
    command = [sys.executable, "-m", "bytewax.run", "app:flow"]
    if processes == 1:
        os.chdir(Path(__file__).parent)
        os.execv(command[0], command)
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(processes)]
    addresses = ";".join(f"127.0.0.1:{one.getsockname()[1]}" for one in sockets)
    for one in sockets:
        one.close()
    running = [
        subprocess.Popen([*command, "-i", str(number), "-a", addresses], cwd=Path(__file__).parent)
        for number in range(processes)
    ]
    return max(process.wait() for process in running)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
