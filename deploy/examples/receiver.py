import asyncio
from eventfdd import open_eventfd, read

async def main():
    orders = open_eventfd("orders")              # creates it if it is missing
    print("received", await read(orders))        # other tasks run meanwhile

asyncio.run(main())
