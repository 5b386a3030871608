"""What does a server with Mixpanel's library for Python send?"""

import sys

from mixpanel import Consumer, Mixpanel

address, key = sys.argv[1:]
urls = {f"{name}_url": f"{address}/{path}" for name, path in (("events", "track"), ("people", "engage"))}
client = Mixpanel(key, consumer=Consumer(**urls))
device = {"$device_id": "an-1"}
sent = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
client.track("$device:an-1", "Plan Chosen", {**device, **sent})
page = {"$current_url": "https://shop.example/pricing", "current_page_title": "Pricing"}
client.track("$device:an-1", "$mp_web_page_view", {**device, **page})
client.people_set("u-42", {"$email": "ann@example.com", "$name": "Zoë Ünal"})
sold = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}
client.track("u-42", "Order Completed", {**device, "$user_id": "u-42", **sold})
