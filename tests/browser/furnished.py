"""What is there to look at in pictures? An account with a month of a shop's traffic, all that is kept of it, and one with nothing."""

from __future__ import annotations

from typing import Any

from tests.processes import until
from tests.served import Account, Tracker, make_account

#: Who has nothing yet, and whose list everybody looks at.
NEWCOMER, OWNER = "new@example.com", "demo@example.com"
PASSWORD = f"password of {OWNER}"
#: A list with a single event.
ONE = "Pottery class"
KEYS = (
    ("Reports", "Subscribers.Get,Lists.Get,List.Get"),
    ("Till in the old shop", ""),
    ("Shop back end", ""),
)
#: A trigger whose deliveries fail, and an alert that is firing.
FAILING, FIRING = "New customers to the CRM", "Nobody asks for gift cards"

#: Groups of people, by the rule that says who is in each.
SEGMENTS: dict[str, list[Any]] = {
    "Buyers": [{"Of": "person", "Event": "conversion", "Is": "happened", "Days": 30}],
    "Looked, bought nothing": [
        {"Of": "person", "Event": "view_product", "Is": "happened", "Times": 3},
        {"Of": "person", "Event": "conversion", "Is": "did not happen"},
    ],
}


def furnish(tracker: Tracker) -> Account:
    """An account with a month of a shop's traffic, and one with nothing."""
    tracker.cli("user", "add", NEWCOMER, "--password-stdin", typed=PASSWORD + "\n")
    account = make_account(tracker, OWNER, "*", list_name="Kettle & Leaf")
    tracker.cli("demo", "--events", "5000", "--email", OWNER, "--list", str(account.list_id))
    tracker.call("list.create", account.key, SubscriberListName="Tea journal")
    one = tracker.ok("list.create", account.key, SubscriberListName=ONE)["ListID"]
    tracker.ok("event.track", account.key, ListID=one, Event="page_view", Email="ada@example.com")
    for name, event in (("Newsletter", "newsletter_signup"), ("In the cart", "add_to_cart")):
        tracker.ok("goal.create", account.key, ListID=account.list_id, Name=name, Event=event)
    here = {"ListID": account.list_id}
    trend, by_campaign = (
        {"By": "visit:$channel", "Measures": ["people"]},
        {"By": "visit:$utm_campaign", "Measures": ["people", "revenue"]},
    )
    for name, report, params in (
        ("People by channel", "reports.trend", {**trend, "From": "-29d"}),
        ("Sales by campaign", "reports.breakdown", {**by_campaign, "From": "-29d"}),
        ("Revenue", "reports.trend", {"Measures": ["revenue"], "From": "-29d", "Interval": "day"}),
    ):
        sent = {"Name": name, "Report": report, "Params": params, "IsPinned": True}
        tracker.ok("savedreport.create", account.key, **here, **sent)
    for at, text in (("-9d", "Newsletter: first flush"), ("-4d", "Release 2.4")):
        tracker.ok("annotation.create", account.key, **here, At=at, Text=text)
    for name, rule in SEGMENTS.items():
        tracker.ok("segment.create", account.key, **here, Name=name, Rule=rule)
    tracker.call(
        "event.track", account.key, **here, Event="conversion", Properties={"conversion-value": "12,50"}
    )
    made = {
        name: tracker.call("apikey.create", account.key, Name=name, Permissions=may).body["Prefix"]
        for name, may in KEYS
    }
    tracker.call("apikey.revoke", account.key, Prefix=made[KEYS[1][0]])
    _furnish_triggers(tracker, account)
    _furnish_names_and_mails(tracker, account)
    _furnish_alerts(tracker, account)
    return account


def _furnish_triggers(tracker: Tracker, account: Account) -> None:
    """Two triggers on events, of which one has delivered what is nowhere accepted, and one on a segment."""
    about = {"ListID": account.list_id, "URL": "https://crm.example.com/hooks/tracker"}
    for name, event in (
        (FAILING, "newsletter_signup"),
        ("Orders to the chat", "conversion"),
    ):
        tracker.ok("trigger.create", account.key, **about, Name=name, Event=event)
    rule = [{"Of": "person", "Event": "conversion", "Is": "happened", "Times": 2}]
    named = {"ListID": account.list_id, "Name": "Bought twice", "Rule": rule}
    segment = tracker.ok("segment.create", account.key, **named)["SegmentID"]
    tracker.ok("trigger.create", account.key, **about, Name="Thank regulars", SegmentID=segment)
    params = {"ListID": account.list_id, "Event": "newsletter_signup", "Email": "grace@example.com"}
    tracker.ok("event.track", account.key, **params, Properties={"form": "footer"})
    until(lambda: any(each["AttemptCount"] for each in _deliveries(tracker, account)), what="an attempt")


def _furnish_names_and_mails(tracker: Tracker, account: Account) -> None:
    """An event that was renamed, one that nobody wants to see, one that is described; and two mails with the overview."""
    here = {"ListID": account.list_id}
    for event in ("Newsletter Signup", "ux_test"):
        tracker.ok("event.track", account.key, **here, Event=event, Email="grace@example.com")
    tracker.ok("event.alias", account.key, **here, Event="Newsletter Signup", As="newsletter_signup")
    tracker.ok("event.hide", account.key, **here, Event="ux_test")
    said = "Somebody asked for the newsletter, with the form at the foot of each page."
    tracker.ok("event.describe", account.key, **here, Event="newsletter_signup", Description=said)
    for every, to in (("week", ["ada@example.com", "bea@example.com"]), ("month", ["boss@example.com"])):
        tracker.ok("schedule.create", account.key, **here, Overview=True, Every=every, To=to)


def _furnish_alerts(tracker: Tracker, account: Account) -> None:
    """One of each kind, of which one is bad and has told it."""
    about: dict[str, Any] = {"ListID": account.list_id, "To": ["ada@example.com"]}
    where = [{"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}]
    number = {"Kind": "number", "Is": "down", "Measure": "revenue", "Value": 30, "Hours": 168, "Where": where}
    for name, rule in (
        (FIRING, {"Kind": "silence", "Event": "gift_card", "Hours": 6}),
        ("Newsletters sell less", number),
        ("A website is refused", {"Kind": "refusals", "Is": "new origin"}),
    ):
        tracker.ok("alert.create", account.key, **about, Name=name, **rule)

    def are_looked_at() -> bool:
        alerts = tracker.ok("alerts.get", account.key, ListID=account.list_id)["Alerts"]
        told = [to["LastMail"] for each in alerts if each["State"] == "firing" for to in each["To"]]
        return all(each["LookedAt"] for each in alerts) and set(told) == {"accepted"}

    until(are_looked_at, what="a look at the alerts", seconds=180)


def _deliveries(tracker: Tracker, account: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tracker.ok("deliveries.get", account.key, ListID=account.list_id)[
        "Deliveries"
    ]
    return found
