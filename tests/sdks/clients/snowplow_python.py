"""What does a server with Snowplow's client for Python send? It has no place for an API key."""

import sys
import threading

from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Subject, Tracker

address, key = sys.argv[1:]
sent = threading.Event()
emitter = Emitter(f"{address}/{key.partition(':')[0]}", batch_size=4, on_success=lambda _events: sent.set())
subject = Subject().set_domain_user_id("550e8400-e29b-41d4-a716-446655440000")
snowplow = Tracker("sp", emitter, subject=subject, app_id="shop")
COMMERCE = "iglu:com.snowplowanalytics.snowplow.ecommerce"


def described(schema: str, data: dict, *contexts: SelfDescribingJson) -> SelfDescribing:
    return SelfDescribing(SelfDescribingJson(f"{schema}/jsonschema/1-0-0", data), context=list(contexts))


plan = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
snowplow.track(described("iglu:com.example/plan_chosen", plan))
snowplow.track(PageView("https://shop.example/pricing", "Pricing"))
subject.set_user_id("u-42")
who = {"id": "u-42", "email": "ann@example.com", "name": "Zoë Ünal"}
snowplow.track(described("iglu:com.snowplowanalytics.snowplow/identify", who))
order = {"transaction_id": "o-1", "revenue": 12.5, "currency": "EUR"}
context = SelfDescribingJson(f"{COMMERCE}/transaction/jsonschema/1-0-0", order)
snowplow.track(described(f"{COMMERCE}/snowplow_ecommerce_action", {"type": "transaction"}, context))
assert sent.wait(30), "nothing was answered well"
