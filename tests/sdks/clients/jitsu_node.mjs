// What does a server with Jitsu's client send?
import {jitsuAnalytics} from "@jitsu/js";

const [address, key] = process.argv.slice(2);
const analytics = jitsuAnalytics({host: address, writeKey: key});
await analytics.track("Plan Chosen", {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true});
await analytics.page({name: "Pricing", url: "https://shop.example/pricing", title: "Pricing"});
await analytics.identify("u-42", {email: "ann@example.com", name: "Zoë Ünal"});
await analytics.track("Order Completed", {revenue: 12.5, currency: "EUR", order_id: "o-1"});
