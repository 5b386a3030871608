// What does a server with Matomo's client for Node send?
import {subscribe} from "node:diagnostics_channel";
import MatomoTracker from "matomo-tracker";

const [address, key] = process.argv.slice(2);
const [id, ...secret] = key.split(":");
const matomo = new MatomoTracker(1, `${address}/${id}/matomo.php`);
const failed = (status) => { throw new Error(`answered ${status}`); };
matomo.on("error", failed);
const url = "https://shop.example/pricing";
const visitor = {url, _id: "a18f184646bd4c38", send_image: 0};
const variables = {1: ["plan", "pro"], 2: ["seats", 3], 3: ["city", "Zürich 東京"], 4: ["is_new", true]};
matomo.track({...visitor, e_c: "shop", e_a: "Plan Chosen", cvar: JSON.stringify(variables)});
matomo.track({...visitor, action_name: "Pricing"});
const sold = {...visitor, uid: "u-42", idgoal: 0, ec_id: "o-1", revenue: 12.5, token_auth: secret.join(":")};
const bulk = new Promise((resolve) => { matomo.trackBulk([sold], resolve); });
// It does not read the answers to single requests, nor say that they are there: they keep the process alive.
const answers = new Promise((resolve) => {
  let count = 0;
  subscribe("http.client.response.finish", () => { if ((count += 1) === 3) resolve(); });
});
await answers;
const {tracked, invalid} = JSON.parse(await bulk);
if (tracked !== 1 || invalid !== 0) failed(`${tracked} tracked, ${invalid} invalid`);
process.exit();
