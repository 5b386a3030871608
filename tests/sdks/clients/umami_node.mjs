// What does a server with Umami's client for Node send?
import {Umami} from "@umami/node";

const [address, key] = process.argv.slice(2);
const umami = new Umami({hostUrl: address, websiteId: key});
const page = {id: "u-42", hostname: "shop.example", url: "/pricing", title: "Pricing"};
const answers = [
  await umami.track({...page, name: "Plan Chosen", data: {plan: "pro", seats: 3, city: "Zürich 東京", is_new: true}}),
  await umami.track(page),
  await umami.identify({id: "u-42", email: "ann@example.com", name: "Zoë Ünal"}),
  await umami.track({...page, name: "Order Completed", data: {revenue: 12.5, currency: "EUR", order_id: "o-1"}}),
];
process.exitCode = answers.every(({ok}) => ok) ? 0 : 1;
