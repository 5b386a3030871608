"""`savedreport.delete`: a report is gone at once with its links, and nobody else's is."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import save, saved, share, shares
from tests.commands.stub_engine import StubEngine


def test_a_report_is_gone_with_its_links(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    first, second = save(client, shop), save(client, shop, "Second")
    share(client, shop, SavedReportID=first)
    kept = [share(client, shop, SavedReportID=second)[0], share(client, shop)[0]]
    sent = {"ListID": shop.list_id, "SavedReportID": first}
    assert client.ok("savedreport.delete", shop.key, **sent) == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert last_entry(client, shop) == ("savedreport.delete", f"list:{shop.list_id} savedreport:{first}")
    assert [each["SavedReportID"] for each in saved(client, shop)] == [second]
    assert [each["ShareID"] for each in shares(client, shop)] == kept
    assert client.call("savedreport.delete", shop.key, **sent).codes == [10]


def test_a_report_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    theirs = {"ListID": shop.list_id, "SavedReportID": save(client, owner, f"Of list {shop.list_id}")}
    assert client.call("savedreport.delete", shop.key, **theirs).codes == [10]
    assert client.call("savedreport.update", shop.key, **theirs, Name="x").codes == [10]
    assert client.call("share.create", shop.key, **theirs).codes == [5]
    assert theirs["SavedReportID"] in [each["SavedReportID"] for each in saved(client, owner)]
