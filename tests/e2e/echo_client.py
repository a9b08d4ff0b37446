#!/usr/bin/env python3
"""A client for the example echo server: sends each line given, waits up to half a second for what comes back, prints it.

Usage: echo_client.py PORT LINE...
"""
import socket
import sys

ANSWER_SECONDS = 0.5


def main(port, lines):
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as server:
        server.settimeout(ANSWER_SECONDS)
        for line in lines:
            server.sendall(line.encode() + b"\r\n")
            print(f"sent {line!r}, {describe_answer(server)}", flush=True)


def describe_answer(server):
    received = b""
    try:
        while not received.endswith(b"\r\n"):
            part = server.recv(4096)
            if not part:
                return "and the server closed the connection"
            received += part
    except TimeoutError:
        return "got nothing back"
    return f"got {received.decode().rstrip()!r} back"


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
