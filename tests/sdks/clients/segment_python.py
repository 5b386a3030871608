"""What does a server with Segment's client for Python send?"""

import sys

from segment.analytics.client import Client

address, key = sys.argv[1:]
client = Client(key, host=address, gzip=True)
visitor = {"anonymous_id": "an-1"}
client.track(
    event="Plan Chosen",
    properties={"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True},
    **visitor,
)
client.page(name="Pricing", properties={"url": "https://shop.example/pricing", "title": "Pricing"}, **visitor)
client.identify("u-42", {"email": "ann@example.com", "name": "Zoë Ünal"}, **visitor)
client.track("u-42", "Order Completed", {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}, **visitor)
client.shutdown()
