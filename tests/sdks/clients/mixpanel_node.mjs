// What does a server with Mixpanel's library for Node send?
import {promisify} from "node:util";

import Mixpanel from "mixpanel";

const [address, key] = process.argv.slice(2);
const {host, pathname, protocol} = new URL(address);
const [publicId] = key.split(":");
const client = Mixpanel.init(publicId, {host, path: pathname, protocol: protocol.slice(0, -1)});
const track = promisify(client.track.bind(client));
const device = {distinct_id: "$device:an-1", $device_id: "an-1"};
const page = {$current_url: "https://shop.example/pricing", current_page_title: "Pricing"};
await track("Plan Chosen", {...device, plan: "pro", seats: 3, city: "Zürich 東京", is_new: true});
await track("$mp_web_page_view", {...device, ...page});
await promisify(client.people.set.bind(client.people))("u-42", {$email: "ann@example.com", $name: "Zoë Ünal"});
await track("Order Completed", {...device, distinct_id: "u-42", $user_id: "u-42", revenue: 12.5, currency: "EUR", order_id: "o-1"});
