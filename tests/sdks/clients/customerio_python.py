"""What does a server with Customer.io's client for Python send?"""

import sys
from urllib.parse import urlsplit

from customerio import CustomerIO

address, key = sys.argv[1:]
site_id, _, api_key = key.partition(":")
parts = urlsplit(address)
client = CustomerIO(site_id, api_key, host=parts.hostname, port=parts.port, url_prefix=f"{parts.path}/api/v1")
plan = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
client.track_anonymous("an-1", "Plan Chosen", plan, id="01JDQ4Z6Y0000000000000000A")
client.identify("u-42", anonymous_id="an-1", email="ann@example.com", name="Zoë Ünal")
client.pageview("u-42", "https://shop.example/pricing")
order = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}
client.track("u-42", "Order Completed", order, id="01JDQ4Z6Y0000000000000000B")
