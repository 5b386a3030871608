// What does a server with Customer.io's client for Node send?
import {TrackClient} from "customerio-node";

const [address, key] = process.argv.slice(2);
const [siteId, apiKey] = key.split(":");
const client = new TrackClient(siteId, apiKey, {url: `${address}/api/v1`, port: new URL(address).port});
const plan = {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true};
await client.trackAnonymous("an-1", {name: "Plan Chosen", data: plan});
await client.identify("u-42", {anonymous_id: "an-1", email: "ann@example.com", name: "Zoë Ünal"});
await client.trackPageView("u-42", "https://shop.example/pricing");
await client.track("u-42", {name: "Order Completed", data: {revenue: 12.5, currency: "EUR", order_id: "o-1"}});
