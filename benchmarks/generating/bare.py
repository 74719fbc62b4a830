"""The limit: requests through bare aiohttp, whose answers are read and dropped. A process of its own.

python benchmarks/generating/bare.py FILE ADDRESS IN_FLIGHT: a request body in each line; prints JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer fake"}


async def main(bodies: Iterator[bytes], address: str, in_flight: int) -> dict[str, float]:
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def work() -> None:
            for body in bodies:
                async with session.post(address, data=body) as response:
                    await response.read()
                    response.raise_for_status()

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    with Path(sys.argv[1]).open("rb") as lines:
        print(json.dumps(asyncio.run(main(iter(lines), sys.argv[2], int(sys.argv[3])))))
