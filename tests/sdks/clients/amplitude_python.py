"""What does a server with Amplitude's SDK for Python send?"""

import sys
from threading import Event

from amplitude import Amplitude, BaseEvent, EventOptions, Identify

address, key = sys.argv[1:]
client, left, all_sent = Amplitude(key), [4], Event()
client.configuration.server_url = f"{address}/2/httpapi"
client.configuration.flush_interval_millis = 100


def note(_event: object, code: int, message: str | None) -> None:
    """Count the answers: the SDK sends again after `shutdown` has returned."""
    assert code == 200, message
    left[0] -= 1
    if not left[0]:
        all_sent.set()


client.configuration.callback = note
sent = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
client.track(BaseEvent("Plan Chosen", device_id="an-1", event_properties=sent))
page = {"[Amplitude] Page Location": "https://shop.example/pricing", "[Amplitude] Page Title": "Pricing"}
client.track(BaseEvent("[Amplitude] Page Viewed", device_id="an-1", event_properties=page))
traits = Identify()
traits.set("email", "ann@example.com")
traits.set("name", "Zoë Ünal")
client.identify(traits, EventOptions(user_id="u-42", device_id="an-1"))
sold = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}
client.track(BaseEvent("Order Completed", user_id="u-42", device_id="an-1", event_properties=sold))
assert all_sent.wait(30)
client.shutdown()
