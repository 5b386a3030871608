// What does a server with Amplitude's SDK for Node send?
import * as amplitude from "@amplitude/analytics-node";

const [address, key] = process.argv.slice(2);
await amplitude.init(key, {serverUrl: `${address}/2/httpapi`, flushIntervalMillis: 100}).promise;
const device = {device_id: "an-1"}, user = {...device, user_id: "u-42"};
const traits = new amplitude.Identify().set("email", "ann@example.com").set("name", "Zoë Ünal");
const page = {"[Amplitude] Page Location": "https://shop.example/pricing", "[Amplitude] Page Title": "Pricing"};
const results = await Promise.all([
  amplitude.track("Plan Chosen", {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true}, device),
  amplitude.track("[Amplitude] Page Viewed", page, device),
  amplitude.identify(traits, user),
  amplitude.track("Order Completed", {revenue: 12.5, currency: "EUR", order_id: "o-1"}, user),
].map(sent => sent.promise));
process.exitCode = results.every(({code}) => code === 200) ? 0 : 1;
