"""Does `subscribers.get` page, sort and search, and does an index do the work?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tracker.storage.engine.ttl_cache import RECENT_SECONDS
from tracker.storage.subscribers import subscriber_search
from tracker.storage.subscribers.subscriber_pages import Slice, count_sql, page_sql
from tracker.storage.subscribers.subscribers import MANY, SELECT, Subscribers

Get = Callable[..., dict[str, Any]]
#: (address, external id), in the order in which they are made.
PEOPLE = (
    ("bea@example.com", "B-2"), ("Ann@example.com", "a-1"), (None, "c-3"), ("ann@example.org", None),
    ("zoë@bücher.example", "ä-5"), ("an_n%@example.com", "100%"),
)  # fmt: skip
EMAILS = [email for email, _ in PEOPLE]


@pytest.fixture
def get(client: InProcess, shop: Shop) -> Get:
    """`get(…)`: the answer of `subscribers.get` about the test's list, on which PEOPLE are."""
    for email, external_id in PEOPLE:
        who = {name: value for name, value in (("EmailAddress", email), ("ExternalID", external_id)) if value}
        assert client.call("subscriber.create", shop.key, ListID=shop.list_id, **who).status == 200

    def call(**params: Any) -> dict[str, Any]:
        answer = client.call("subscribers.get", shop.key, ListID=shop.list_id, **params)
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    return call


def emails(answer: dict[str, Any]) -> list[str | None]:
    return [row["EmailAddress"] for row in answer["Subscribers"]]


def test_a_list_without_subscribers(client: InProcess, shop: Shop) -> None:
    answer = client.call("subscribers.get", shop.key, ListID=shop.list_id).body
    assert answer == {
        "Success": True, "ErrorCode": 0, "ErrorText": "", "TotalSubscriberCount": 0, "Subscribers": [],
    }  # fmt: skip


def test_without_parameters_it_gives_them_as_they_came(client: InProcess, shop: Shop, get: Get) -> None:
    answer = get()
    assert emails(answer) == EMAILS
    assert answer["TotalSubscriberCount"] == len(PEOPLE)
    for row in answer["Subscribers"]:
        one = client.call("subscriber.get", shop.key, ListID=shop.list_id, SubscriberID=row["SubscriberID"])
        assert one.body["SubscriberInformation"] == row


def test_each_has_their_own_fields(client: InProcess, shop: Shop, get: Get) -> None:
    for alias in ("x", "y"):
        sent = {"SubscriberListID": shop.list_id, "FieldName": alias, "MergeTagAlias": alias}
        client.call("customfield.create", shop.key, **sent)
    for number in (0, 3):
        who = {"EmailAddress": EMAILS[number], "CustomFields": {"x": str(number)}}
        client.call("subscriber.update", shop.key, ListID=shop.list_id, **who)
    found = [row["CustomFields"] for row in get(OrderType="desc")["Subscribers"]]
    assert found[::-1] == [{"x": str(number) if number in (0, 3) else None, "y": None} for number in range(6)]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"RecordsPerRequest": 2}, EMAILS[:2]),
        ({"RecordsPerRequest": "2", "RecordsFrom": "4"}, EMAILS[4:]),
        ({"RecordsFrom": 5}, EMAILS[5:]),
        ({"RecordsPerRequest": 500, "RecordsFrom": 99}, []),
        ({"RecordsFrom": 2**63 - 1}, []),
    ],
)
def test_pages(get: Get, params: dict[str, Any], wanted: list[str | None]) -> None:
    answer = get(**params)
    assert emails(answer) == wanted
    assert answer["TotalSubscriberCount"] == len(PEOPLE)


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_a_whole_list_is_read_page_by_page(get: Get, order: str) -> None:
    read: list[str | None] = []
    after: dict[str, Any] = {}
    while page := get(RecordsPerRequest=4, OrderType=order, **after)["Subscribers"]:
        read += [row["EmailAddress"] for row in page]
        after = {"AfterSubscriberID": page[-1]["SubscriberID"]}
    assert read == (EMAILS if order == "ASC" else EMAILS[::-1])


def test_orders(get: Get) -> None:
    by_email = [None, EMAILS[5], EMAILS[1], EMAILS[3], EMAILS[0], EMAILS[4]]
    assert emails(get(OrderField="EmailAddress")) == by_email
    assert emails(get(OrderField="emailaddress", OrderType="desc")) == by_email[::-1]
    ids = [row["ExternalID"] for row in get(OrderField="ExternalID")["Subscribers"]]
    assert ids == [None, "100%", "B-2", "a-1", "c-3", "ä-5"]
    assert emails(get(OrderField="CreatedOn", OrderType="DESC")) == EMAILS[::-1]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"Search": "an"}, [5, 1, 3]),
        ({"Search": " ANN@"}, [1, 3]),
        ({"Search": "ann@example.com"}, [1]),
        ({"Search": "ann", "SearchType": "exact"}, []),
        ({"Search": "ANN@example.com", "SearchType": "exact"}, [1]),
        ({"Search": "zoë@bücher.example", "SearchType": "EXACT"}, [4]),
        ({"Search": "zoe\u0308@"}, [4]),
        ({"Search": "zoë@b"}, [4]),
        ({"Search": "zoë@bü"}, [4]),
        ({"Search": "ZOË@Bu\u0308ch"}, [4]),
        ({"Search": "zoë@bücher"}, [4]),
        ({"Search": "zoë@bücher."}, [4]),
        ({"Search": "zoë@bücher。ex"}, [4]),
        ({"Search": "zoë@bücher.example"}, [4]),
        ({"Search": "zoë@xn--bch"}, [4]),
        ({"Search": "zoë@bücherei"}, []),
        ({"Search": "zoë@bücher.é"}, []),
        ({"Search": "zo@bü"}, []),
        ({"Search": "zoë@.ü"}, []),
        ({"Search": "%"}, []),
        ({"Search": "an_n%"}, [5]),
        ({"Search": "_"}, []),
        ({"Search": "example"}, []),
        ({"Search": ""}, list(range(6))),
        ({"Search": " "}, list(range(6))),
        ({"Search": "a", "SearchField": "ExternalID"}, [1]),
        ({"Search": "A", "SearchField": "ExternalID"}, []),
        ({"Search": "ä", "SearchField": "ExternalID"}, [4]),
        ({"Search": "c-3", "SearchField": "externalid", "SearchType": "exact"}, [2]),
        ({"Search": " c-3\n", "SearchField": "ExternalID", "SearchType": "exact"}, [2]),
        ({"Search": "c-", "SearchField": "ExternalID", "SearchType": "exact"}, []),
        (
            {"Search": "c-3", "SearchType": "exact", "SearchField": "ExternalID", "OrderField": "CreatedOn"},
            [2],
        ),
        ({"Search": "an", "OrderType": "DESC", "OrderField": "EmailAddress"}, [3, 1, 5]),
    ],
)
def test_search(get: Get, params: dict[str, Any], wanted: list[int]) -> None:
    answer = get(**params)
    assert answer["TotalSubscriberCount"] == len(wanted)
    got = emails(answer)
    assert (
        got == [EMAILS[n] for n in wanted]
        if params["Search"].strip()
        else sorted(map(str, got)) == sorted(map(str, EMAILS))
    )
    assert emails(get(**params, RecordsPerRequest=1, RecordsFrom=1)) == got[1:2]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        *[({"RecordsPerRequest": value}, 1) for value in (-1, 501, "x", 1.5, True, [])],
        *[({"RecordsFrom": value}, 3) for value in (-1, "x", 1.5, str(2**63))],
        *[({"OrderField": value}, 5) for value in ("", "email_key", 1, [])],
        ({"Search": "a", "OrderField": "CreatedOn"}, 5),
        ({"Search": "a", "OrderField": "EmailAddress", "SearchField": "ExternalID"}, 5),
        *[({"OrderType": value}, 6) for value in ("", "up", 1)],
        *[({"Search": value}, 7) for value in ("\0", "x" * 321, 1, [])],
        *[({"SearchField": value}, 8) for value in ("", "SubscriberID", 1)],
        *[({"SearchType": value}, 9) for value in ("", "regex", 1)],
        *[({"AfterSubscriberID": value}, 10) for value in (-1, "x", 1.5)],
        ({"AfterSubscriberID": 5, "OrderField": "EmailAddress"}, 10),
        ({"AfterSubscriberID": 5, "RecordsFrom": 1}, 10),
        ({"AfterSubscriberID": 5, "Search": "a"}, 10),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_has_its_number(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    assert client.call("subscribers.get", shop.key, ListID=shop.list_id, **params).codes == [code]


# How it is found


@pytest.fixture(scope="module")
def crowded(client: InProcess, owner: Shop) -> Iterator[int]:
    """A list with more subscribers than any planner would look through for one, beside another."""
    crowd, other = (client.services.stores.lists.add(owner.user_id, name) for name in ("Crowd", "Other"))
    columns = ("list_id", "id", "email", "email_key", "external_id", "own_uuid", "created_at")

    def fill(transaction: Any) -> None:
        for list_id in (crowd, other):
            rows = [
                (
                    list_id,
                    n,
                    *[b"%d@example.com" % n if n % 9 else None] * 2,
                    b"x%d" % n,
                    n.to_bytes(16, "big"),
                    0,
                )
                for n in range(MANY + 100)
            ]
            transaction.insert("subscribers", columns, rows)

    storage = client.services.storage
    storage.write(fill)
    if storage.engine.name == "mysql":
        storage.write(lambda transaction: transaction.select("ANALYZE TABLE subscribers"))
    yield crowd
    storage.write(
        lambda transaction: transaction.execute("DELETE FROM subscribers WHERE list_id = ?", (other,))
    )


SLICES = {
    "first page": Slice(25),
    "first page, descending": Slice(25, is_descending=True),
    "deep page": Slice(25, after=5000),
    "deep page, descending": Slice(25, after=5000, is_descending=True),
    "by address": Slice(25, order="email"),
    "by address, descending": Slice(25, order="email", is_descending=True),
    "by external id": Slice(25, order="external_id"),
    "prefix of an address": Slice(25, order="email", search=b"55"),
    "address": Slice(25, order="email", search=b"55@example.com", is_prefix=False),
    "prefix of an external id": Slice(25, order="external_id", search=b"x55"),
    "external id": Slice(25, order="external_id", search=b"x55", is_prefix=False),
}  # fmt: skip


@pytest.mark.parametrize("name", SLICES)
def test_an_index_gives_the_page_in_its_order(client: InProcess, crowded: int, name: str) -> None:
    """No table is gone through, and nothing is sorted."""
    wanted = SLICES[name]
    column = {"id": "", "email": "email_key", "external_id": "external_id"}[wanted.order]
    for sql, values in (page_sql(SELECT, crowded, wanted), count_sql(crowded, wanted)):
        if client.services.storage.engine.name == "sqlite":
            plan = [row[3] for row in client.rows(f"EXPLAIN QUERY PLAN {sql}", *values)]
            assert len(plan) == 1, plan
            assert plan[0].startswith("SEARCH subscribers USING "), plan
            assert column in plan[0] or not wanted.search, plan
        else:
            [row] = client.rows(f"EXPLAIN {sql}", *values)
            assert row[3] in ("ref", "range", "const"), row
            assert row[5] is not None, row
            assert "filesort" not in str(row[9]), row


def test_a_large_count_is_remembered_for_five_seconds(client: InProcess, crowded: int) -> None:
    moment = 0.0
    subscribers = Subscribers(client.services.storage, lambda: 0, lambda _: 1, lambda: moment)

    def add(number: int) -> None:
        columns = ("list_id", "id", "own_uuid", "created_at")
        row = (crowded, number, number.to_bytes(16, "big"), 0)
        client.services.storage.write(lambda transaction: transaction.insert("subscribers", columns, [row]))

    before = subscribers.count(crowded, Slice(1))
    assert subscribers.count(crowded, Slice(1, order="email", search=b"55@", is_prefix=True)) == 1
    add(10**6)
    assert subscribers.count(crowded, Slice(1)) == before == MANY + 100
    moment += RECENT_SECONDS
    assert subscribers.count(crowded, Slice(1, order="email")) == before + 1


def test_domains_of_any_script_are_found_by_their_beginning_in_order_and_on_pages(
    client: InProcess, shop: Shop
) -> None:
    made = [
        f"user@{name}.example"
        for name in ("maler", "müller", "münchen", "mail.münchen", "nürnberg", "москва")
    ]
    for email in made:
        assert (
            client.call("subscriber.create", shop.key, ListID=shop.list_id, EmailAddress=email).status == 200
        )

    def found(search: str, **more: Any) -> tuple[list[str | None], int]:
        answer = client.call("subscribers.get", shop.key, ListID=shop.list_id, Search=search, **more).body
        return emails(answer), answer["TotalSubscriberCount"]

    begin_with_m = {f"user@{name}.example" for name in ("maler", "müller", "münchen", "mail.münchen")}
    assert (set(found("user@m")[0]), found("user@m")[1]) == (begin_with_m, 4)
    pages = [found("user@m", RecordsPerRequest=1, RecordsFrom=number)[0] for number in range(4)]
    assert [email for page in pages for email in page] == found("user@m")[0]
    assert found("user@m", OrderType="DESC")[0] == found("user@m")[0][::-1]
    assert found("user@mü") == (found("user@mü")[0], 2)
    assert found("user@mail.mün")[0] == ["user@mail.münchen.example"]
    assert found("user@мос")[0] == ["user@москва.example"]
    assert found("user@nü")[0] == found("user@nürnberg.exa")[0] == ["user@nürnberg.example"]


# Text anywhere


def test_a_text_is_found_anywhere(client: InProcess, shop: Shop, get: Get) -> None:
    def found(text: str, **params: Any) -> list[str | None]:
        return emails(get(Search=text, SearchType="contains", **params))

    assert found("EXAMPLE.com") == ["bea@example.com", "Ann@example.com", "an_n%@example.com"]
    assert found("example.com", OrderType="DESC", RecordsPerRequest=2) == [
        "an_n%@example.com",
        "Ann@example.com",
    ]
    assert found("example.com", RecordsFrom=2) == ["an_n%@example.com"]
    assert found("BÜCHER") == found("OË@B") == ["zoë@bücher.example"]
    assert found("n_n%") == ["an_n%@example.com"], "no sign stands for others"
    assert found("00%") == ["an_n%@example.com"], "in the ID"
    assert found("nobody") == found("n@n") == found('"\\') == []
    assert get(Search="ann@", SearchType="contains")["TotalSubscriberCount"] == 2


def test_a_text_is_found_in_text_fields(client: InProcess, shop: Shop, get: Get) -> None:
    at = {"SubscriberListID": shop.list_id}
    for alias, kind in (("Name", "text"), ("Age", "number")):
        made = client.call(
            "customfield.create", shop.key, **at, FieldName=alias, MergeTagAlias=alias, DataType=kind
        )
        assert made.status == 200, made.body
    values = {"Name": 'Matteo "Teo" RICCI\\Öz', "Age": 12345}
    client.call("subscriber.update", shop.key, ListID=shop.list_id, ExternalID="c-3", CustomFields=values)
    for text in ("ricci", "teo RIC", 'TEO" r', "CI\\öz"):
        assert emails(get(Search=text, SearchType="contains")) == ([None] if text != "teo RIC" else []), text
    assert emails(get(Search="1234", SearchType="contains")) == [], "a number is no text"


def test_a_short_text_is_a_beginning(get: Get) -> None:
    assert emails(get(Search="an", SearchType="contains")) == emails(get(Search="an"))
    assert emails(get(Search="", SearchType="contains")) == EMAILS


def test_text_is_found_in_all_slices(monkeypatch: pytest.MonkeyPatch, get: Get) -> None:
    monkeypatch.setattr(subscriber_search, "SLICE", 2)
    answer = get(Search="example", SearchType="contains")
    assert (emails(answer), answer["TotalSubscriberCount"]) == ([each for each in EMAILS if each], 5)


def test_only_the_newest_of_very_many_are_looked_at(monkeypatch: pytest.MonkeyPatch, get: Get) -> None:
    monkeypatch.setattr(subscriber_search, "SLICE", 2)
    monkeypatch.setattr(subscriber_search, "MAX_EXAMINED", 2)
    assert emails(get(Search="example", SearchType="contains")) == EMAILS[-2:]


@pytest.mark.parametrize(
    ("params", "code"), [({"OrderField": "EmailAddress"}, 5), ({"AfterSubscriberID": 1}, 10)]
)
def test_text_anywhere_has_an_order_of_its_own(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    sent = {"ListID": shop.list_id, "Search": "text", "SearchType": "contains", **params}
    answer = client.call("subscribers.get", shop.key, **sent)
    assert (answer.status, answer.body["Errors"][0]["Code"]) == (422, code)
