"""What may be linked by anybody who knows a list's public id, and what by a credential? Takeovers, and what is next to them."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.test_event_collect import Door
from tracker.formats.event_limits import uuid_text, visitor_uuid_of_hash

EVIL, ALICE, BOB = "evil@example.com", "alice@example.com", "bob@example.com"


class List:
    """A list, its door for anybody, and who has what on it."""

    def __init__(self, client: InProcess, shop: Shop) -> None:
        self.client, self.shop, self.door = client, shop, Door(client, shop)

    def anybody(self, **event: Any) -> None:
        assert self.door.post({"Event": "seen", **event}).body == {"status": "success"}

    def subscribers(self) -> list[tuple[Any, ...]]:
        """(address, who told it, ID, who told it) of everybody, oldest first."""
        sent = {"ListID": self.shop.list_id, "OrderField": "SubscriberID"}
        found = self.client.call("subscribers.get", self.shop.key, **sent).body["Subscribers"]
        names = ("EmailAddress", "EmailAddressBy", "ExternalID", "ExternalIDBy")
        return [tuple(each[name] for name in names) for each in found]

    def whose(self, event: str) -> str | None:
        """The address or ID of the person whose timeline has the newest event of this name; None: nobody's."""
        for who in self.client.call("subscribers.get", self.shop.key, ListID=self.shop.list_id).body[
            "Subscribers"
        ]:
            sent = {"ListID": self.shop.list_id, "SubscriberID": who["SubscriberID"], "Event": event}
            if self.client.call("subscriber.events", self.shop.key, **sent).body["Events"]:
                return str(who["EmailAddress"] or who["ExternalID"] or "nameless")
        return None

    def links(self, **who: str) -> list[tuple[str, str, str]]:
        """(UUID, reason, who told it) of all that links visitors to a person."""
        found = self.client.call("subscriber.explain", self.shop.key, ListID=self.shop.list_id, **who).body
        return [(each["UUID"], each["Reason"], each["By"]) for each in found["Links"]]

    def call(self, command: str, **params: Any) -> Any:
        return self.client.call(command, self.shop.key, ListID=self.shop.list_id, **params)


@pytest.fixture
def known(client: InProcess, shop: Shop) -> List:
    return List(client, shop)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# D: an ID that will come is given to the stranger's address beforehand


def test_a_credential_takes_an_id_from_whom_anybody_gave_it(known: List, track: Track) -> None:
    known.anybody(Email=EVIL, ID="customer-7")
    assert known.subscribers() == [(EVIL, "public", "customer-7", "public")]
    track(Email=ALICE, ID="customer-7")
    track(Event="statement", ID="customer-7")
    assert known.subscribers() == [
        (EVIL, "public", None, None),
        (ALICE, "credential", "customer-7", "credential"),
    ]
    assert known.whose("statement") == ALICE


def test_so_it_does_for_somebody_known_and_for_somebody_with_an_id_of_anybodys(
    known: List, track: Track
) -> None:
    track(Email=ALICE)
    known.anybody(Email=EVIL, ID="customer-7")
    known.anybody(Email=BOB, ID="wrong")
    track(Email=ALICE, ID="customer-7")
    track(Email=BOB, ID="bob-7")
    assert known.subscribers() == [
        (ALICE, "credential", "customer-7", "credential"),
        (EVIL, "public", None, None),
        (BOB, "credential", "bob-7", "credential"),
    ]


def test_an_id_alone_never_leads_to_an_address_of_anybodys(known: List, track: Track) -> None:
    known.anybody(Email=EVIL, ID="customer-7")
    track(Event="statement", ID="customer-7")
    assert known.subscribers() == [(EVIL, "public", None, None), (None, None, "customer-7", "credential")]
    assert known.whose("statement") == "customer-7"
    known.anybody(Event="more", Email=EVIL, ID="customer-7")
    assert known.whose("more") == EVIL, "an event that names somebody is theirs, whatever it cannot link"
    assert known.subscribers()[1] == (None, None, "customer-7", "credential")


def test_whom_anybody_made_of_an_id_alone_is_whom_the_id_means(known: List, track: Track) -> None:
    known.anybody(Event="page", ID="customer-7")
    assert known.subscribers() == [(None, None, "customer-7", "public")]
    track(Event="statement", ID="customer-7")
    assert known.subscribers() == [(None, None, "customer-7", "credential")]
    assert known.whose("page") == known.whose("statement") == "customer-7"
    track(ID="customer-7", Email=ALICE)
    assert known.subscribers() == [(ALICE, "credential", "customer-7", "credential")]


def test_an_id_that_anybody_used_first_is_free_for_whom_a_credential_says(known: List, track: Track) -> None:
    visitor = str(uuid4())
    track(Email=ALICE)
    known.anybody(Event="identify", ID="customer-7", UUID=visitor)
    known.anybody(Event="before", UUID=visitor)
    track(Email=ALICE, ID="customer-7")
    assert known.subscribers() == [
        (ALICE, "credential", "customer-7", "credential"),
        (None, None, None, None),
    ]
    assert known.whose("before") == "nameless", "what came before stays where it was"
    known.anybody(Event="identify", ID="customer-7", UUID=visitor)
    known.anybody(Event="later", UUID=visitor)
    assert known.whose("later") == ALICE, "the visitor of nobody that has a name can be linked anew"


def test_who_says_the_same_with_a_credential_confirms_it(known: List, track: Track) -> None:
    known.anybody(Email="ALICE@example.com", ID="customer-7")
    track(Email=ALICE, ID="customer-7")
    assert known.subscribers() == [(ALICE, "credential", "customer-7", "credential")]
    track(Event="statement", ID="customer-7")
    assert known.whose("statement") == ALICE


def test_of_two_ids_of_credentials_none_is_replaced(known: List, track: Track) -> None:
    track(Email=ALICE, ID="customer-7")
    track(Email=BOB, ID="customer-8")
    before = known.subscribers()
    known.anybody(Email=ALICE, ID="customer-8")
    known.anybody(Email=ALICE, ID="customer-9")
    track(Email=ALICE, ID="customer-9")
    assert known.subscribers() == before


@pytest.mark.parametrize("is_there", [False, True])
def test_subscriber_commands_are_credentials(known: List, track: Track, is_there: bool) -> None:
    known.anybody(Email=EVIL, ID="customer-7")
    if is_there:
        track(Email=ALICE)
        assert known.call("subscriber.update", EmailAddress=ALICE, ExternalID="customer-7").status == 200
    else:
        assert known.call("subscriber.create", EmailAddress=ALICE, ExternalID="customer-7").status == 200
    assert known.subscribers() == [
        (EVIL, "public", None, None),
        (ALICE, "credential", "customer-7", "credential"),
    ]
    refused = known.call("subscriber.create", EmailAddress=BOB, ExternalID="customer-7")
    assert (refused.status, len(known.subscribers())) == (422, 2)


@pytest.mark.parametrize("said", [{}, {"ID": "customer-7"}])
def test_a_subscriber_is_made_of_whom_only_browsers_have_named(
    known: List, track: Track, said: dict[str, str]
) -> None:
    """Whoever signs up on a page, and is then made by the back end, is one subscriber with their past."""
    known.anybody(Email=EVIL.upper(), UUID=str(uuid4()), **said)
    [was] = known.call("subscribers.get").body["Subscribers"]
    answer = known.call("subscriber.create", EmailAddress=EVIL, ExternalID="x")
    assert (answer.status, answer.body["SubscriberID"]) == (200, was["SubscriberID"])
    assert known.subscribers() == [(EVIL, "credential", "x", "credential")]
    assert known.whose("seen") == EVIL
    assert track(Event="asked", ID=hashed(EVIL)).status == 200
    assert known.whose("asked") == EVIL, "its hash means them"
    again = known.call("subscriber.create", EmailAddress=EVIL)
    assert again.codes == [8]


def test_a_subscriber_made_without_an_id_keeps_one_of_browsers_as_theirs(known: List) -> None:
    known.anybody(Email=EVIL, ID="customer-7")
    assert known.call("subscriber.create", EmailAddress=EVIL).status == 200
    assert known.subscribers() == [(EVIL, "credential", "customer-7", "public")]


def test_an_address_of_browsers_is_not_taken_from_whom_a_key_gave_an_id(known: List) -> None:
    """They are somebody: `subscriber.create` does not make somebody else of them, and `subscriber.update` moves no address."""
    known.anybody(Email=EVIL)
    assert known.call("subscriber.update", EmailAddress=EVIL, ExternalID="b").status == 200
    assert known.subscribers() == [(EVIL, "public", "b", "credential")]
    assert known.call("subscriber.create", EmailAddress=EVIL, ExternalID="x").codes == [8]
    assert known.call("subscriber.create", EmailAddress=EVIL).codes == [8]
    made = known.call("subscriber.create", EmailAddress=BOB).body["SubscriberID"]
    assert known.call("subscriber.update", SubscriberID=made, EmailAddress=EVIL).codes == [8]


def test_of_a_browsers_address_and_anothers_id_nobody_is_made(known: List, track: Track) -> None:
    known.anybody(Email=EVIL)
    track(Email=BOB, ID="b")
    before = known.subscribers()
    assert known.call("subscriber.create", EmailAddress=EVIL, ExternalID="b").codes == [9]
    assert known.subscribers() == before


def test_an_address_that_an_owner_writes_confirms_the_id_beside_it(known: List, track: Track) -> None:
    known.anybody(ID="customer-7")
    found = known.call("subscriber.get", ExternalID="customer-7").body["SubscriberInformation"]
    assert (
        known.call("subscriber.update", SubscriberID=found["SubscriberID"], EmailAddress=ALICE).status == 200
    )
    known.anybody(Email=EVIL, ID="customer-8")
    assert known.call("subscriber.update", EmailAddress=EVIL, ExternalID="customer-8").status == 200
    track(Event="a", ID="customer-7")
    track(Event="b", ID="customer-8")
    assert (known.whose("a"), known.whose("b")) == (ALICE, EVIL)


# The unique custom field is the ID under another name


@pytest.fixture
def unique(known: List) -> str:
    sent = {
        "SubscriberListID": known.shop.list_id,
        "FieldName": "No",
        "MergeTagAlias": "No",
        "UniqueIdentifier": True,
    }
    assert known.client.call("customfield.create", known.shop.key, **sent).status == 200
    return "No"


def test_anybody_gives_the_unique_identifier_to_nobody_who_exists(
    known: List, track: Track, unique: str
) -> None:
    visitor = str(uuid4())
    track(Email=BOB, UUID=visitor)
    given = {"Event": "identify", "IdentifyProperties": {unique: "customer-7"}}
    known.anybody(Email=BOB, **given)
    known.anybody(UUID=visitor, **given)
    assert known.subscribers() == [(BOB, "credential", None, None)]
    known.anybody(Email=EVIL, **given)
    assert known.subscribers()[1] == (EVIL, "public", "customer-7", "public")


def test_a_credential_takes_the_unique_identifier_from_whom_anybody_gave_it(
    known: List, track: Track, unique: str
) -> None:
    known.anybody(Email=EVIL, ID="customer-7")
    answer = track(Event="identify", Email=ALICE, IdentifyProperties={unique: "customer-7"}).body
    assert "ignored_identify_properties" not in answer
    assert known.subscribers() == [
        (EVIL, "public", None, None),
        (ALICE, "credential", "customer-7", "credential"),
    ]


def test_a_credential_gives_it_to_no_subscriber_of_a_visitor_that_anybody_linked(
    known: List, track: Track, unique: str
) -> None:
    visitor = str(uuid4())
    known.anybody(Event="identify", Email=EVIL, UUID=visitor)
    sent = {"Event": "identify", "UUID": visitor, "IdentifyProperties": {unique: "customer-7"}}
    assert track(**sent).body["ignored_identify_properties"] == [unique]
    track(UUID=visitor, Email=EVIL)
    assert "ignored_identify_properties" not in track(**sent).body
    assert known.subscribers() == [(EVIL, "credential", "customer-7", "credential")]


# E, F: an ID or an address is given to somebody who exists


def test_anybody_gives_no_id_to_somebody_who_exists(known: List, track: Track) -> None:
    track(Email=BOB)
    known.anybody(Email=BOB, ID="carol")
    assert known.subscribers() == [(BOB, "credential", None, None)]
    track(Event="hers", ID="carol")
    assert known.subscribers() == [(BOB, "credential", None, None), (None, None, "carol", "credential")]
    assert known.whose("hers") == "carol"


def test_nor_to_somebody_whom_anybody_made(known: List) -> None:
    known.anybody(Email=BOB)
    known.anybody(Email=BOB, ID="carol")
    assert known.subscribers() == [(BOB, "public", None, None)]


@pytest.mark.parametrize("is_known", [False, True])
def test_anybody_gives_no_address_to_somebody_who_exists(known: List, track: Track, is_known: bool) -> None:
    if is_known:
        track(ID="dave")
    else:
        known.anybody(ID="dave")
    known.anybody(Email=EVIL, ID="dave")
    by = "credential" if is_known else "public"
    assert known.subscribers() == [(None, None, "dave", by), (EVIL, "public", None, None)]
    track(Email="dave@example.com", ID="dave")
    assert known.subscribers()[0] == ("dave@example.com", "credential", "dave", "credential")


# G: a known visitor's later events


@pytest.mark.parametrize("is_known", [False, True])
def test_anybody_moves_no_visitor_of_somebody_who_exists(known: List, track: Track, is_known: bool) -> None:
    erin = str(uuid4())
    if is_known:
        track(Email=ALICE, UUID=erin)
    else:
        known.anybody(Email=ALICE, UUID=erin)
    known.anybody(Event="identify", Email=EVIL, UUID=erin)
    known.anybody(Event="bought", Email=EVIL, UUID=erin)
    known.anybody(Event="identify", ID="evil-id", UUID=erin)
    known.anybody(Event="page", UUID=erin)
    assert (known.whose("bought"), known.whose("page")) == (EVIL, ALICE)
    assert known.links(EmailAddress=EVIL) == []
    assert known.links(EmailAddress=ALICE) == [(erin, "email", "credential" if is_known else "public")]
    track(Event="identify", Email=BOB, UUID=erin)
    known.anybody(Event="more", UUID=erin)
    assert known.whose("more") == BOB, "a credential moves it as ever"


def test_what_moves_no_visitor_sends_no_identify_event(known: List, track: Track) -> None:
    visitor = str(uuid4())
    track(Email=ALICE, UUID=visitor)
    for _ in range(3):
        known.anybody(Email=EVIL, UUID=visitor)
    assert known.door.names() == ["seen", "identify", "seen", "seen", "seen"]


def test_a_visitor_of_nobody_is_linked_by_anybody_and_confirmed_by_a_credential(
    known: List, track: Track
) -> None:
    visitor = str(uuid4())
    known.anybody(Event="before", UUID=visitor)
    known.anybody(Event="identify", Email=BOB, UUID=visitor)
    assert known.whose("before") == BOB
    assert known.links(EmailAddress=BOB) == [(visitor, "identify", "public")]
    track(Email=BOB, UUID=visitor)
    assert known.links(EmailAddress=BOB) == [(visitor, "identify", "credential")]


def test_a_visitor_whose_subscriber_is_deleted_is_nobodys(known: List, track: Track) -> None:
    visitor = str(uuid4())
    track(Email=ALICE, UUID=visitor)
    assert known.call("subscriber.delete", EmailAddress=ALICE).status == 200
    known.anybody(Event="identify", Email=BOB, UUID=visitor)
    known.anybody(Event="page", UUID=visitor)
    assert known.whose("page") == BOB


def test_a_link_that_was_taken_back_says_who_told_it(known: List) -> None:
    visitor = str(uuid4())
    known.anybody(Event="identify", Email=BOB, UUID=visitor)
    assert known.call("subscriber.unmerge", EmailAddress=BOB, UUID=visitor).status == 200
    assert known.links(EmailAddress=BOB) == [(visitor, "identify", "public")]


# Hashes


def test_nobody_takes_a_hash_by_an_address_that_looks_like_another(known: List, track: Track) -> None:
    """What its provider spells alike is one mailbox, and one hash."""
    track(Email="Al.Ice@gmail.com")
    for email in ("alice@gmail.com", "a.lice@gmail.com", "al.ice+shop@gmail.com"):
        known.anybody(Email=email)
    for number, text in enumerate(("Al.Ice@gmail.com", "al.ice@gmail.com", "alice@gmail.com")):
        track(Event=f"shop-{number}", ID=hashed(text))
        assert known.whose(f"shop-{number}") == "Al.Ice@gmail.com"


def test_the_spelling_of_the_first_credential_is_hashed(known: List, track: Track) -> None:
    known.anybody(Email="ALICE@example.com")
    track(Email="Alice@example.com")
    track(Event="bought", ID=hashed("Alice@example.com"))
    assert known.whose("bought") == "Alice@example.com"
    track(Event="other", ID=hashed("ALICE@example.com"))
    assert known.whose("other") is None
    known.call("subscriber.delete", EmailAddress=ALICE)
    assert known.client.rows("SELECT 1 FROM subscriber_hashes WHERE list_id = ?", known.shop.list_id) == []


def test_whom_anybody_made_is_found_by_a_hash_if_nobody_else_is(known: List, track: Track) -> None:
    known.anybody(Email=BOB)
    track(Event="bought", ID=hashed(BOB))
    assert known.whose("bought") == BOB
    known.call("subscriber.delete", EmailAddress=BOB)
    assert known.client.rows("SELECT 1 FROM subscriber_hashes WHERE list_id = ?", known.shop.list_id) == []


def test_a_hash_beside_an_address_of_anybodys_links_nothing(known: List, track: Track) -> None:
    track(Email=ALICE)
    known.anybody(Event="x", Email=EVIL, ID=hashed(ALICE))
    track(Event="bought", ID=hashed(ALICE))
    assert (known.whose("x"), known.whose("bought")) == (EVIL, ALICE)


def test_the_visitor_of_a_hash_is_linked_by_no_stranger_who_works_out_its_uuid(
    known: List, track: Track
) -> None:
    digest = hashed(ALICE)
    assert track(Event="shop", ID=digest).body["uuid"] == uuid_text(
        visitor_uuid_of_hash(known.shop.list_id, digest)
    )
    known.anybody(
        Event="identify", Email=EVIL, UUID=uuid_text(visitor_uuid_of_hash(known.shop.list_id, digest))
    )
    track(Event="shop", ID=digest)
    assert known.whose("shop") is None


# An ID from a browser that is known (Q3)


def test_an_unknown_id_is_given_to_the_subscriber_of_the_visitor(known: List, track: Track) -> None:
    visitor = str(uuid4())
    track(Email=ALICE, UUID=visitor)
    track(UUID=visitor, ID="customer-7")
    assert known.subscribers()[1:] == [(None, None, "customer-7", "credential")], "only identify gives"
    track(Event="identify", UUID=visitor, ID="customer-8")
    assert known.subscribers()[0] == (ALICE, "credential", "customer-8", "credential")
    track(Event="later", UUID=visitor)
    assert known.whose("later") == ALICE
    track(Event="identify", UUID=visitor, ID="customer-9")
    track(Event="last", UUID=visitor)
    assert known.whose("last") == "customer-9", "who has an ID gets no other one"


def test_even_where_anybody_has_used_or_given_it(known: List, track: Track) -> None:
    visitor, phone = str(uuid4()), str(uuid4())
    track(Email=ALICE, UUID=visitor)
    track(Email=BOB, UUID=phone)
    known.anybody(ID="customer-7")
    known.anybody(Email=EVIL, ID="customer-8")
    track(Event="identify", UUID=visitor, ID="customer-7")
    track(Event="identify", UUID=phone, ID="customer-8")
    assert known.subscribers() == [
        (ALICE, "credential", "customer-7", "credential"),
        (BOB, "credential", "customer-8", "credential"),
        (None, None, None, None),
        (EVIL, "public", None, None),
    ]


def test_not_by_anybody_and_not_for_a_visitor_that_anybody_linked(known: List, track: Track) -> None:
    visitor, strangers = str(uuid4()), str(uuid4())
    track(Email=ALICE, UUID=visitor)
    known.anybody(Event="identify", UUID=visitor, ID="customer-7")
    known.anybody(Email=EVIL, UUID=strangers)
    track(Event="identify", UUID=strangers, ID="customer-8")
    assert known.subscribers() == [
        (ALICE, "credential", None, None),
        (None, None, "customer-7", "public"),
        (EVIL, "public", None, None),
        (None, None, "customer-8", "credential"),
    ]


def test_in_one_batch_as_one_by_one(known: List) -> None:
    """What an event of the group has linked and given, the next ones see."""
    visitor = str(uuid4())
    events = [
        {"Event": "a", "UUID": visitor, "Email": ALICE},
        {"Event": "identify", "UUID": visitor, "ID": "customer-7"},
        {"Event": "b", "ID": "customer-7"},
        {"Event": "c", "Email": BOB},
        {"Event": "d", "ID": "customer-7", "Email": BOB},
        {"Event": "e", "ID": "customer-7"},
    ]
    for _ in range(2):  # once nobody is known, once everybody is
        results = known.call("event.batch", Events=[{**e, "ListID": known.shop.list_id} for e in events])
        assert results.status == 200, results.body
        assert known.subscribers() == [
            (ALICE, "credential", "customer-7", "credential"),
            (BOB, "credential", None, None),
        ]
        assert [known.whose(name) for name in "abcde"] == [ALICE, ALICE, BOB, BOB, ALICE]


@pytest.mark.parametrize("first", ["browser", "key"])
@pytest.mark.parametrize("browsers", [{}, {"UUID": str(uuid4())}, {"ID": "made-up"}])
def test_an_address_that_only_a_browser_told_goes_to_whom_a_key_names_with_it(
    known: List, track: Track, first: str, browsers: dict[str, str]
) -> None:
    """Else whoever knows an address could keep its person in two for ever."""
    for who in ("browser", "key") if first == "browser" else ("key", "browser"):
        if who == "browser":
            known.anybody(Event="identify", Email=ALICE, **browsers)
        else:
            track(Event="order", ID="J1")
    track(Event="order2", Email=ALICE, ID="J1")
    track(Event="order3", ID="J1"), track(Event="order4", Email=ALICE.upper())
    whole = (ALICE, "credential", "J1", "credential")
    assert whole in known.subscribers()
    assert {known.whose(event) for event in ("order", "order2", "order3", "order4")} == {ALICE}
    known.anybody(Event="page_view", Email=ALICE, **browsers)
    assert known.whose("page_view") == ALICE, (
        "the browser is linked anew, since its person has nothing to be named by"
    )
    digest = hashlib.sha256(ALICE.encode()).hexdigest()
    track(Event="by hash", ID=digest)
    assert known.whose("by hash") == ALICE


def test_an_address_that_a_key_told_stays(known: List, track: Track) -> None:
    track(Event="order", ID="J1"), track(Event="signup", Email=ALICE)
    track(Event="both", Email=ALICE, ID="J1")
    assert {each[::2] for each in known.subscribers()} == {(ALICE, None), (None, "J1")}
