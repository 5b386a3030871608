// What does a server with OpenPanel's client send?
import {OpenPanel} from "@openpanel/sdk";

const [address, key] = process.argv.slice(2);
const [clientId, clientSecret] = key.split(":");
const openpanel = new OpenPanel({apiUrl: address, clientId, clientSecret});
await openpanel.identify({profileId: "u-42", email: "ann@example.com", firstName: "Zoë", lastName: "Ünal"});
await openpanel.track("Plan Chosen", {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true});
await openpanel.track("screen_view", {__path: "https://shop.example/pricing", __title: "Pricing"});
await openpanel.revenue(1250, {currency: "EUR", order_id: "o-1"});
