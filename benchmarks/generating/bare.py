"""The limit: requests through bare aiohttp, whose answers are read and dropped. A process of its own.

python benchmarks/generating/bare.py FILE ADDRESS IN_FLIGHT: a request body in each line; prints JSON.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp

HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer fake"}


async def main(waiting: list[bytes], address: str, in_flight: int) -> dict[str, float]:
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def work() -> None:
            while waiting:
                async with session.post(address, data=waiting.pop()) as response:
                    await response.read()
                    response.raise_for_status()

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    bodies = Path(sys.argv[1]).read_bytes().splitlines()[::-1]
    print(json.dumps(asyncio.run(main(bodies, sys.argv[2], int(sys.argv[3])))))
