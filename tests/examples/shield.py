#!/usr/bin/env python3
"""The counterpart of runtime/examples/shield.c for asyncio: same structure, same output."""
import asyncio
import gc
import sys

fails = False


async def save():
    print("save begins", flush=True)
    try:
        await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        print("save is cut short", flush=True)
        raise
    if fails:
        raise RuntimeError("the disk is full")
    print("saved", flush=True)


async def request(saving):
    shield = asyncio.shield(saving)
    try:
        await shield
    except asyncio.CancelledError:
        print(f"request is cancelled: {int(shield.cancelled())}", flush=True)
        raise


async def request_unshielded(saving):
    await saving


async def await_save(saving):
    try:
        await saving
        print("the save is done", flush=True)
    except asyncio.CancelledError:
        print("the save was cancelled", flush=True)
    except RuntimeError as error:
        print(f"the save failed: {error}", flush=True)


def on_error(loop, context):
    print(f"handler: {context['message']}\n  {context['exception']}", flush=True)


async def app(mode):
    global fails
    fails = mode in ("--fails", "--forgotten")
    asyncio.get_running_loop().set_exception_handler(on_error)
    saving = asyncio.create_task(save(), name="save")
    requesting = asyncio.create_task((request_unshielded if mode == "--unshielded" else request)(saving), name="request")
    await asyncio.sleep(0.02)
    requesting.cancel()
    try:
        await requesting
    except asyncio.CancelledError:
        pass
    if mode == "--forgotten":
        await asyncio.sleep(0.15)
    else:
        await await_save(saving)


asyncio.run(app(sys.argv[1] if len(sys.argv) > 1 else ""))
gc.collect()
