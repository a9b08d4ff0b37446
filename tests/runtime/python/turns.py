"""Who comes before whom within and between turns: callbacks, other threads' callbacks, signals, descriptors, timers."""
import asyncio
import os
import signal
import socket
import threading


def section(name):
    print(f"-- {name}")


async def settle():
    for _ in range(6):
        await asyncio.sleep(0)


async def threadsafe():
    section("call_soon_threadsafe on the loop's own thread")
    loop = asyncio.get_running_loop()

    def first():
        loop.call_soon_threadsafe(print, "threadsafe 1")
        loop.call_soon(print, "soon 2")
        loop.call_soon_threadsafe(print, "threadsafe 3")

    loop.call_soon(first)
    await settle()


async def other_thread():
    section("another thread")
    loop = asyncio.get_running_loop()

    def send():
        loop.call_soon_threadsafe(print, "sent 1")
        loop.call_soon_threadsafe(print, "sent 2")

    def first():
        loop.call_soon(print, "soon before")
        thread = threading.Thread(target=send)
        thread.start()
        thread.join()
        loop.call_soon(print, "soon after")

    loop.call_soon(first)
    await settle()


async def signals():
    section("a signal")
    loop = asyncio.get_running_loop()

    def next_turn():
        print("next turn")
        loop.call_soon(print, "the turn after")

    def first():
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        loop.call_soon(next_turn)

    loop.add_signal_handler(signal.SIGUSR1, print, "signal 1")
    loop.add_signal_handler(signal.SIGUSR2, print, "signal 2")
    loop.call_soon(first)
    await settle()
    loop.remove_signal_handler(signal.SIGUSR1)
    loop.remove_signal_handler(signal.SIGUSR2)


async def descriptors():
    section("descriptors, timers and callbacks")
    loop = asyncio.get_running_loop()
    left, right = socket.socketpair()
    count = 0

    def readable():
        nonlocal count
        count += 1
        print("reader", count)
        if count == 2:
            loop.remove_reader(left)
            loop.remove_writer(left)

    def first():
        right.send(b"x")
        loop.add_writer(left, lambda: print("writer"))
        loop.add_reader(left, readable)
        loop.call_later(0, print, "timer")
        loop.call_soon(print, "soon")

    loop.call_soon(first)
    await settle()
    left.close()
    right.close()


async def sock_calls():
    section("sockets and other tasks")
    loop = asyncio.get_running_loop()
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)

    async def receive():
        for _ in range(3):
            print("received", (await loop.sock_recv(left, 10)).decode())

    async def tick():
        for number in range(5):
            print("tick", number)
            await asyncio.sleep(0)

    async def send():
        await loop.sock_sendall(right, b"one")
        print("sent one")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await loop.sock_sendall(right, b"two")
        print("sent two")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await loop.sock_sendall(right, b"three")
        print("sent three")

    await asyncio.gather(receive(), tick(), send())
    left.close()
    right.close()


async def done_callbacks():
    section("done-callbacks and waiters")
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def wait(name):
        await future
        print(name)

    future.add_done_callback(lambda _: print("callback 1"))
    first = asyncio.create_task(wait("waiter 1"))
    await asyncio.sleep(0)
    future.add_done_callback(lambda _: print("callback 2"))
    second = asyncio.create_task(wait("waiter 2"))
    await asyncio.sleep(0)
    loop.call_soon(print, "soon before")
    future.set_result(None)
    print("set")
    loop.call_soon(print, "soon after")
    future.add_done_callback(lambda _: print("callback 3"))
    await settle()
    await first
    await second


async def main():
    await threadsafe()
    await other_thread()
    await signals()
    await descriptors()
    await sock_calls()
    await done_callbacks()


asyncio.run(main())
