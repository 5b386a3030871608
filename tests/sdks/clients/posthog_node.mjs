// What does a server with PostHog's library for Node send?
import {PostHog} from "posthog-node";

const [address, key] = process.argv.slice(2);
const client = new PostHog(key, {host: address, flushAt: 100, fetchRetryDelay: 200});
const visitor = "0190e0a0-0000-7000-8000-000000000001";
client.capture({distinctId: visitor, event: "Plan Chosen", properties: {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true}});
client.capture({distinctId: visitor, event: "$pageview", properties: {$current_url: "https://shop.example/pricing", title: "Pricing"}});
client.identify({distinctId: "u-42", properties: {$anon_distinct_id: visitor, $set: {email: "ann@example.com", name: "Zoë Ünal"}}});
client.capture({distinctId: "u-42", event: "Order Completed", properties: {revenue: 12.5, currency: "EUR", order_id: "o-1"}});
await client.shutdown();
