// What does a server with Snowplow's client for Node send?
import {buildPageView, buildSelfDescribingEvent, newTracker} from "@snowplow/node-tracker";

const [address, key] = process.argv.slice(2);
const [id, ...secret] = key.split(":");
let answered;
const sent = new Promise((resolve) => { answered = resolve; });
const snowplow = newTracker({namespace: "sp", appId: "shop"}, {
  endpoint: `${address}/${id}`, bufferSize: 4, customHeaders: {Authorization: `Bearer ${secret.join(":")}`},
  onRequestSuccess: answered,
});
const track = (schema, data, ...contexts) =>
  snowplow.track(buildSelfDescribingEvent({event: {schema: `iglu:${schema}/jsonschema/1-0-0`, data}}), contexts);
const commerce = "com.snowplowanalytics.snowplow.ecommerce";
snowplow.setDomainUserId("550e8400-e29b-41d4-a716-446655440000");
track("com.example/plan_chosen", {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true});
snowplow.track(buildPageView({pageUrl: "https://shop.example/pricing", pageTitle: "Pricing"}));
snowplow.setUserId("u-42");
track("com.snowplowanalytics.snowplow/identify", {id: "u-42", email: "ann@example.com", name: "Zoë Ünal"});
track(`${commerce}/snowplow_ecommerce_action`, {type: "transaction"},
  {schema: `iglu:${commerce}/transaction/jsonschema/1-0-0`, data: {transaction_id: "o-1", revenue: 12.5, currency: "EUR"}});
await sent;
