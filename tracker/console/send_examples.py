"""Send examples: the lines that send a list's events from back ends, tag managers and shops, filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass

#: What stands in the lines for a key, as long as none was made for them.
NO_KEY = "YOUR_KEY"


@dataclass(frozen=True, slots=True)
class SendExample:
    """The lines for one language or product. `note` says where they go; `id` is unique among them."""

    id: str
    name: str
    note: str
    code: str


def send_examples(url: str, key: str, list_id: int, snippet: str, events_url: str) -> list[SendExample]:
    """Return the lines for everything. `url` is Tracker's, `events_url` the list's collect endpoint."""
    filled = {
        "@URL@": f"{url}/api/v1/event",
        "@KEY@": key,
        "@LIST@": str(list_id),
        "@SNIPPET@": snippet,
        "@MADE@": _made_by_script(snippet),
        "@EVENTS@": events_url,
    }

    def with_values(text: str) -> str:
        for name, value in filled.items():
            text = text.replace(name, value)
        return text.strip("\n")

    return [SendExample(mark, name, note, with_values(code)) for mark, name, note, code in _LINES]


def _made_by_script(snippet: str) -> str:
    """Return the snippet as scripts that make its second script: tag managers drop the data attributes of scripts."""
    first, _, second = snippet.partition("\n")
    parts = second.removeprefix("<script async ").removesuffix("></script>").split(" ")
    pairs = dict(part.split("=", 1) for part in parts)
    attributes = json.dumps({name: value.strip('"').replace("&amp;", "&") for name, value in pairs.items()})
    return (
        f"{first}\n<script>\n(function (d, attributes) {{\n"
        '  var script = d.createElement("script");\n'
        "  for (var name in attributes) script.setAttribute(name, attributes[name]);\n"
        f"  d.head.appendChild(script);\n}})(document, {attributes});\n</script>"
    )


_BACK_END = "Sends one event of a subscriber. A 2xx answer means that it is stored."
_LINES = (
    (
        "curl",
        "curl",
        _BACK_END,
        """
curl --fail-with-body @URL@ \\
  -H 'Authorization: Bearer @KEY@' \\
  -H 'Content-Type: application/json' \\
  -d '{"Event": "signed up", "ListID": @LIST@, "Email": "subscriber@example.com", "Properties": {"plan": "free"}}'
""",
    ),
    (
        "python",
        "Python",
        _BACK_END,
        """
import json
import urllib.request

event = {
    "Event": "signed up",
    "ListID": @LIST@,
    "Email": "subscriber@example.com",
    "Properties": {"plan": "free"},
}
request = urllib.request.Request(
    "@URL@",
    data=json.dumps(event).encode(),
    headers={"Authorization": "Bearer @KEY@", "Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=10) as answer:
    print(answer.read().decode())
""",
    ),
    (
        "php",
        "PHP",
        _BACK_END,
        """
<?php
$event = [
    "Event" => "signed up",
    "ListID" => @LIST@,
    "Email" => "subscriber@example.com",
    "Properties" => ["plan" => "free"],
];
$answer = file_get_contents("@URL@", false, stream_context_create(["http" => [
    "method" => "POST",
    "header" => "Authorization: Bearer @KEY@\\r\\nContent-Type: application/json\\r\\n",
    "content" => json_encode($event),
    "timeout" => 10,
]]));
echo $answer;
""",
    ),
    (
        "node",
        "Node",
        _BACK_END,
        """
const answer = await fetch("@URL@", {
  method: "POST",
  headers: { Authorization: "Bearer @KEY@", "Content-Type": "application/json" },
  body: JSON.stringify({
    Event: "signed up",
    ListID: @LIST@,
    Email: "subscriber@example.com",
    Properties: { plan: "free" },
  }),
  signal: AbortSignal.timeout(10_000),
});
if (!answer.ok) throw new Error(await answer.text());
console.log(await answer.text());
""",
    ),
    (
        "ruby",
        "Ruby",
        _BACK_END,
        """
require "json"
require "net/http"

event = {
  Event: "signed up",
  ListID: @LIST@,
  Email: "subscriber@example.com",
  Properties: { plan: "free" }
}
headers = { "Authorization" => "Bearer @KEY@", "Content-Type" => "application/json" }
answer = Net::HTTP.post(URI("@URL@"), event.to_json, headers)
abort answer.body unless answer.is_a?(Net::HTTPSuccess)
puts answer.body
""",
    ),
    (
        "go",
        "Go",
        _BACK_END,
        """
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"
)

func main() {
	event := `{"Event": "signed up", "ListID": @LIST@, "Email": "subscriber@example.com", "Properties": {"plan": "free"}}`
	request, err := http.NewRequest("POST", "@URL@", strings.NewReader(event))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer @KEY@")
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		log.Fatal(string(body))
	}
	fmt.Println(string(body))
}
""",
    ),
    (
        "gtm",
        "Google Tag Manager",
        "A tag of the type Custom HTML, with the trigger All Pages. It needs no key.",
        "@MADE@",
    ),
    (
        "wordpress",
        "WordPress",
        "At the end of functions.php of a child theme, or in a plugin for code snippets. It needs no key.",
        """
add_action('wp_head', function () {
    echo <<<'HTML'
@SNIPPET@

HTML;
});
""",
    ),
    (
        "shopify",
        "Shopify",
        "In theme.liquid, before </head>, for the shop's pages. It needs no key.",
        "@SNIPPET@",
    ),
    (
        "shopify-orders",
        "Shopify, orders",
        "Settings, Customer events, Add custom pixel: the checkout is no page of the theme. It needs no key.",
        """
analytics.subscribe("checkout_completed", ({ data: { checkout } }) => {
  fetch("@EVENTS@", {
    method: "POST",
    keepalive: true,
    body: JSON.stringify({
      Event: "conversion",
      Email: checkout.email || undefined,
      Properties: {
        "conversion-id": checkout.order.id,
        "conversion-name": "Order",
        "conversion-value": checkout.totalPrice.amount,
        currency: checkout.currencyCode,
      },
    }),
  });
});
""",
    ),
)
