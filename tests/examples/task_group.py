#!/usr/bin/env python3
"""The counterpart of runtime/examples/task_group.c for asyncio: same structure, same output."""
import asyncio
import sys


async def fetch(name, takes, trouble):
    try:
        await asyncio.sleep(takes)
    except asyncio.CancelledError:
        print(f"{name}: cancelled", flush=True)
        if trouble:
            raise ValueError(f"{name}: {trouble}")
        raise
    if trouble:
        raise RuntimeError(f"{name}: {trouble}")
    print(f"{name}: fetched", flush=True)


async def page(parts):
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(fetch(*part), name=part[0])
    except ExceptionGroup as failures:
        print(failures.message, flush=True)
        for failure in failures.exceptions:
            print(f"  {failure}", flush=True)


GOOD = [("head", 0.02, None), ("body", 0.06, None), ("foot", 0.04, None)]
BAD = [("head", 0.02, "404"), ("body", 0.06, None), ("foot", 0.04, "cannot close")]

asyncio.run(page(BAD if sys.argv[1:] == ["--fails"] else GOOD))
