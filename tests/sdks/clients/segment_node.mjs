// What does a server with Segment's client for Node send?
import {Analytics} from "@segment/analytics-node";

const [address, key] = process.argv.slice(2);
const {origin, pathname} = new URL(address);
const analytics = new Analytics({host: origin, path: `${pathname}/v1/batch`, writeKey: key});
const visitor = {anonymousId: "an-1"};
analytics.track({...visitor, event: "Plan Chosen", properties: {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true}});
analytics.page({...visitor, name: "Pricing", properties: {url: "https://shop.example/pricing", title: "Pricing"}});
analytics.identify({...visitor, userId: "u-42", traits: {email: "ann@example.com", name: "Zoë Ünal"}});
analytics.track({...visitor, userId: "u-42", event: "Order Completed", properties: {revenue: 12.5, currency: "EUR", order_id: "o-1"}});
await analytics.closeAndFlush({timeout: 20_000});
