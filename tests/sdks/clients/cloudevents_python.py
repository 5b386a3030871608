"""What does a server with CloudEvents' library for Python send, in each of the three modes?"""

import sys
import uuid
from datetime import UTC, datetime

import requests
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

address, key = sys.argv[1:]
public_id, _, secret = key.partition(":")
visitor = "550e8400-e29b-41d4-a716-446655440000"
SOURCE, BATCH = "https://shop.example/orders", {"content-type": "application/cloudevents-batch+json"}


def made(kind: str, data: object, **more: str) -> CloudEvent:
    named = {"id": str(uuid.uuid4()), "source": SOURCE, "type": kind, "time": datetime.now(UTC)}
    return CloudEvent({**named, "specversion": "1.0", **more}, data)


def send(message: HTTPMessage) -> None:
    headers = {**message.headers, "Authorization": f"Bearer {secret}"}
    requests.post(f"{address}/{public_id}", message.body, headers=headers, timeout=30).raise_for_status()


plan = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
send(to_binary_event(made("Plan Chosen", plan, subject=visitor)))
send(to_binary_event(made("Note", "hello", subject=visitor, datacontenttype="application/json")))
who = {"userId": "u-42", "anonymousId": visitor, "email": "ann@example.com", "name": "Zoë Ünal"}
send(to_structured_event(made("identify", who)))
# The library has no batches: one is the array of its events.
page = {"$current_url": "https://shop.example/pricing", "$page_title": "Pricing"}
order = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}
batched = (made("page_view", page, subject="u-42"), made("Order Completed", order, subject="u-42"))
send(HTTPMessage(BATCH, b"[%s]" % b",".join(to_structured_event(each).body for each in batched)))
