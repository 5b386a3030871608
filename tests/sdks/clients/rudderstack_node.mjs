// What does a server with RudderStack's client for Node send?
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [address, key] = process.argv.slice(2);
const client = new RudderAnalytics(key, {dataPlaneUrl: address});
const visitor = {anonymousId: "an-1"};
client.track({...visitor, event: "Plan Chosen", properties: {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true}});
client.page({...visitor, name: "Pricing", properties: {url: "https://shop.example/pricing", title: "Pricing"}});
client.identify({...visitor, userId: "u-42", traits: {email: "ann@example.com", name: "Zoë Ünal"}});
client.track({...visitor, userId: "u-42", event: "Order Completed", properties: {revenue: 12.5, currency: "EUR", order_id: "o-1"}});
await client.flush();
