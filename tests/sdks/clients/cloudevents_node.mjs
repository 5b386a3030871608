// What does a server with CloudEvents' library for Node send, in each of the three modes?
import {CloudEvent, HTTP} from "cloudevents";

const [address, key] = process.argv.slice(2);
const [id, secret] = key.split(":");
const source = "https://shop.example/orders", visitor = "550e8400-e29b-41d4-a716-446655440000";
const batch = "application/cloudevents-batch+json";
async function send({headers, body}) {
  const answer = await fetch(`${address}/${id}`, {
    method: "POST", headers: {...headers, Authorization: `Bearer ${secret}`}, body,
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}
const made = (type, subject, data) => new CloudEvent({source, type, subject, data});
await send(HTTP.binary(made("Plan Chosen", visitor, {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true})));
await send(HTTP.binary(made("Note", visitor, "hello")));
const who = {userId: "u-42", anonymousId: visitor, email: "ann@example.com", name: "Zoë Ünal"};
await send(HTTP.structured(made("identify", undefined, who)));
// The library reads batches, and writes none.
await send({headers: {"Content-Type": batch}, body: JSON.stringify([
  made("page_view", "u-42", {$current_url: "https://shop.example/pricing", $page_title: "Pricing"}),
  made("Order Completed", "u-42", {revenue: 12.5, currency: "EUR", order_id: "o-1"}),
])});
