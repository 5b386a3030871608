"""What does a server with Umami's client for Python send?"""

import sys

import umami

address, key = sys.argv[1:]
umami.set_url_base(address)
umami.set_website_id(key)
umami.set_hostname("shop.example")
ann = {"url": "/pricing", "distinct_id": "u-42"}
umami.new_event(
    "Plan Chosen", custom_data={"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}, **ann
)
umami.new_page_view("Pricing", **ann)
umami.new_revenue_event(12.5, "EUR", "Order Completed", custom_data={"order_id": "o-1"}, **ann)
