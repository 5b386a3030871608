"""What does a server with PostHog's library for Python send?"""

import sys

from posthog import Posthog

address, key = sys.argv[1:]
client = Posthog(key, host=address)
visitor = "0190e0a0-0000-7000-8000-000000000001"
sent = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
client.capture("Plan Chosen", distinct_id=visitor, properties=sent)
page = {"$current_url": "https://shop.example/pricing", "title": "Pricing"}
client.capture("$pageview", distinct_id=visitor, properties=page)
client.alias(previous_id=visitor, distinct_id="u-42")
client.set(distinct_id="u-42", properties={"email": "ann@example.com", "name": "Zoë Ünal"})
sold = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}
client.capture("Order Completed", distinct_id="u-42", properties=sold)
client.shutdown()
