#!/usr/bin/env python3
"""The counterpart of runtime/examples/discovery.c for asyncio, by IPv4: same arguments, same output."""
import asyncio
import signal
import socket
import sys

ANSWER = b"I am "


def option(interface):
    """The interface as setsockopt takes it: no address, the number."""
    return bytes(8) + socket.if_nametoindex(interface).to_bytes(4, sys.byteorder)


class Service(asyncio.DatagramProtocol):
    def __init__(self, name):
        self.name = name

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        if data == b"who?":
            self.transport.sendto(ANSWER + self.name.encode(), address)


async def serve(name, group, port, interface):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", port))
    membership = socket.inet_aton(group) + option(interface)[4:]
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Service(name), sock=sock)
    print(sock.getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    transport.close()


class Search(asyncio.DatagramProtocol):
    def __init__(self, wanted):
        self.wanted = wanted
        self.names = set()
        self.done = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, address):
        name = data.removeprefix(ANSWER).decode()
        if not data.startswith(ANSWER) or name in self.names or self.done.done():
            return
        self.names.add(name)
        print(f"{name} is at {address[0]}", flush=True)
        if len(self.names) == self.wanted:
            self.done.set_result(None)


async def find(count, group, port, interface):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, option(interface))
    transport, search = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Search(int(count)), sock=sock)
    async with asyncio.timeout(10):
        while not search.done.done():
            transport.sendto(b"who?", (group, port))
            await asyncio.wait([search.done], timeout=0.25)
    transport.close()


def main():
    what, name, group, port, interface = sys.argv[1:]
    asyncio.run({"serve": serve, "find": find}[what](name, group, int(port), interface))


main()
