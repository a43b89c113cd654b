"""A worker of the shop as a process of its own: `python -m tests.races.worker_process '{"dsn": …}'`."""

import asyncio
import json
import sys

from tests.races.shop import Place, opened

from farthing import worker


async def main(place: Place) -> None:
    async with opened(place) as shop:
        await worker.run(shop.world, place.dsn, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Place(**json.loads(sys.argv[1]))))
