"""What does a server with Klaviyo's client for Python send?"""

import sys

from klaviyo_api import KlaviyoAPI

address, key = sys.argv[1:]
client = KlaviyoAPI(key, test_host=address)
ann = {"email": "ann@example.com", "external_id": "u-42"}


def happened(metric, properties, unique_id, **more):
    named = {"data": {"type": "metric", "attributes": {"name": metric}}}
    whose = {"data": {"type": "profile", "attributes": ann}}
    attributes = {"metric": named, "profile": whose, "properties": properties, "unique_id": unique_id, **more}
    client.Events.create_event({"data": {"type": "event", "attributes": attributes}})


happened("Plan Chosen", {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}, "p-1")
profile = {**ann, "first_name": "Zoë Ünal"}
made = client.Profiles.create_profile({"data": {"type": "profile", "attributes": profile}})
assert made.data.id == "u-42", made
happened("Placed Order", {"OrderId": "o-1"}, "o-1", value=12.5, value_currency="EUR")
