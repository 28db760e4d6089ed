#!/usr/bin/env python3
"""Starts Azurite on free ports with its data on disk, runs a command with its addresses in the environment, ends it.

    azurite.py <folder with node_modules> <command> [arguments]

On disk and not in memory: in memory, Azurite 3.37 stands still for a minute and more after some ten thousand messages.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

ACCOUNT = "devstoreaccount1"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def wait_for(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"Azurite ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"Azurite did not open port {port} within a minute")


def main():
    folder, command = sys.argv[1], sys.argv[2:]
    blob, queue, table = free_ports(3)
    script = os.path.join(folder, "node_modules", "azurite", "dist", "src", "azurite.js")
    with tempfile.TemporaryDirectory() as data:
        azurite = subprocess.Popen(
            ["node", script, "--silent", "--disableTelemetry", "--location", data, "--blobPort", str(blob)]
            + ["--queuePort", str(queue), "--tablePort", str(table)],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(blob, azurite)
            wait_for(queue, azurite)
            environment = os.environ | {
                "AZURITE_BLOB_URL": f"http://127.0.0.1:{blob}/{ACCOUNT}",
                "AZURITE_QUEUE_URL": f"http://127.0.0.1:{queue}/{ACCOUNT}",
                "AZURITE_PID": str(azurite.pid),
            }
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            azurite.kill()
            azurite.wait()


if __name__ == "__main__":
    sys.exit(main())
