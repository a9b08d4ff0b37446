#!/usr/bin/env python3
"""The counterpart of runtime/examples/readers.c for asyncio: same structure, same output."""
import asyncio
import socket
import sys

TICK = 0.15
ROUNDS_BETWEEN_ACTIONS = 2000
ACTIONS = [None, (1, "connects"), (2, "connects"), (2, "sends", b"two\r\n"), (2, "receives"),
           (1, "sends", b"one\r\n"), (1, "receives")]


def shown(line):
    return line.decode().replace("\r\n", "$")


class Server:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.connections = []
        self.clients = {}
        self.actions = iter(ACTIONS)
        self.tick = None
        self.refused_count = 0

    def act(self):
        """Does the next thing on the list. False: there is nothing left to do."""
        try:
            action = next(self.actions)
        except StopIteration:
            return False
        if action is None:
            return True
        client, verb, *line = action
        print(f"client {client} {verb}", flush=True)
        if verb == "connects":
            self.clients[client] = socket.create_connection(self.listener.getsockname())
        elif verb == "sends":
            self.clients[client].sendall(*line)
        else:
            print(f"client {client} got {shown(self.clients[client].recv(63))}", flush=True)
        return True

    def accept_one(self):
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        self.connections.append(connection)
        print(f"server: connection {len(self.connections)}", flush=True)
        return connection

    def echo_one(self, connection):
        line = connection.recv(63)
        print(f"server: data {shown(line)}", flush=True)
        connection.send(line)

    # with callbacks

    def set_tick(self):
        if self.tick:
            self.tick.cancel()
        self.tick = self.loop.call_later(TICK, self.on_tick)

    def on_tick(self):
        print("no events", flush=True)
        if self.act():
            self.set_tick()
        else:
            self.loop.stop()

    def on_data(self, connection):
        self.echo_one(connection)
        self.set_tick()

    def on_connection(self):
        connection = self.accept_one()
        self.loop.add_reader(connection, self.on_data, connection)
        self.set_tick()

    def run_callbacks(self):
        self.loop = asyncio.new_event_loop()
        self.loop.add_reader(self.listener, self.on_connection)
        self.set_tick()
        self.loop.run_forever()
        self.loop.close()

    # with a task

    def ask_everybody(self):
        asked = list(self.connections)
        for ask in [self.accept_one] + [lambda c=c: self.echo_one(c) for c in asked]:
            try:
                ask()
            except BlockingIOError:
                self.refused_count += 1

    async def poll_for_ever(self):
        round_number = 1
        while round_number % ROUNDS_BETWEEN_ACTIONS or self.act():
            self.ask_everybody()
            await asyncio.sleep(0)
            round_number += 1

    async def run_polling(self):
        await asyncio.create_task(self.poll_for_ever(), name="polling")
        print(f"useless questions: more than ten thousand: {'yes' if self.refused_count > 10000 else 'no'}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--polling"]:
        asyncio.run(Server().run_polling())
    else:
        Server().run_callbacks()
