// Calls the simulated Procore with Procore's own client and prints what came back as one JSON object.
//
//   node scenarios.cjs SCENARIO URL TOKEN [ARGUMENT]

"use strict";

const sdk = require("@procore/js-sdk");

const [scenario, url, accessToken, argument] = process.argv.slice(2);
const options = { apiHostname: url, defaultCompanyId: 4200, defaultVersion: "v1.0" };
const credentials = { id: "sandbox-client", secret: "sandbox-secret", uri: "urn:ietf:wg:oauth:2.0:oob" };
const scope = { project_id: 315, contract_id: 44021 };

function client(authorizer = sdk.oauth(accessToken)) {
  return sdk.client(authorizer, undefined, options);
}

const pcos = { base: "/potential_change_orders" };

async function sync(api, updates) {
  const answer = await api.patch({ ...pcos, action: "sync", qs: scope }, { updates });
  return answer.body;
}

const scenarios = {
  async writing() {
    const api = client();
    const stored = await sync(api, [
      { origin_id: "JS-1", title: "Footing rebar C4", status: "pending" },
      { origin_id: "JS-2", title: "x", status: "bogus" },
    ]);
    const id = stored.entities[0].id;
    const lines = await api.patch(
      { base: "/potential_change_orders/{pco}/line_items", action: "sync", params: { pco: id }, qs: { project_id: 315 } },
      { updates: [{ origin_id: "JS-1:1", amount: "5400.00", extended_type: "manual", cost_code_id: 315004 }] },
    );
    const created = await api.post(
      { base: "/change_order_packages" },
      { ...scope, change_order: { title: "CCO", origin_id: "JS-1:package" } },
    );
    await sync(api, [{ origin_id: "JS-1", change_order_request: { change_order_package_id: created.body.id } }]);
    const approved = await api.patch(
      { base: "/change_order_packages", params: { id: created.body.id } },
      { project_id: 315, change_order: { status: "approved" } },
    );
    const shown = await api.get({ ...pcos, params: { id }, qs: scope });
    return {
      errors: stored.errors,
      line: lines.body.entities[0],
      created: created.response.status,
      approved: approved.body,
      shown: shown.body,
    };
  },

  async reading() {
    const api = client();
    const updates = Array.from({ length: 5 }, (_, place) => ({ origin_id: `JS-${place}`, title: `PCO ${place}` }));
    const ids = (await sync(api, updates)).entities.map((one) => one.id);
    const two = await api.get({ ...pcos, qs: { project_id: 315, filters: { id: [ids[1], ids[3]] }, per_page: 100 } });
    const found = await api.get({ ...pcos, qs: { project_id: 315, filters: { origin_id: "JS-2" } } });
    const updated_at = '"2026-01-01T00:00:00Z...2200-01-01T00:00:00Z"';
    const page = await api.get({ ...pcos, qs: { project_id: 315, per_page: 2, page: 2, filters: { updated_at } } });
    return {
      ids,
      two: two.body.map((row) => row.id),
      found: found.body.map((row) => row.id),
      page: page.body.map((row) => row.id),
      total: page.response.headers.get("total"),
      link: page.response.headers.get("link"),
      remaining: page.response.headers.get("x-rate-limit-remaining"),
    };
  },

  async refusals() {
    const api = client();
    const failed = [];
    const keep = ({ body, response }) => failed.push({ status: response.status, body });
    await api.get({ ...pcos, qs: { project_id: 999 } }).catch(keep);
    await api.post({ ...pcos }, { ...scope, change_order: { title: "" } }).catch(keep);
    await client(sdk.oauth("nonsense")).get({ base: "/me" }).catch(keep);
    return failed;
  },

  async deleting() {
    const api = client();
    const stored = await sync(api, [{ origin_id: "JS-1", title: "Footing rebar C4" }]);
    const base = "/potential_change_orders/{pco}/line_items";
    const params = { pco: stored.entities[0].id };
    const line = await api.post({ base, params }, { project_id: 315, line_item: { amount: "1.00" } });
    const place = { base, params: { ...params, id: line.body.id }, qs: { project_id: 315 } };
    const text = await api.delete(place, undefined, { formatter: (response) => response.text() });
    return { status: text.response.status, text: text.body };
  },

  async tokens() {
    const first = await sdk.token({ ...credentials, code: argument }, options);
    const second = await sdk.refresh({ ...credentials, token: first.access_token, refresh: first.refresh_token }, options);
    const again = await sdk.refresh({ ...credentials, token: first.access_token, refresh: first.refresh_token }, options);
    const info = await sdk.info(second.access_token, options);
    const me = await client(sdk.oauth(second.access_token)).get({ base: "/me" });
    await sdk.revoke(
      { token: second.access_token, clientId: credentials.id, clientSecret: credentials.secret },
      options,
    );
    const after = await client(sdk.oauth(second.access_token)).get({ base: "/me" }).catch(({ response }) => response.status);
    return { expires: first.expires_in, again, owner: info.resource_owner_id, me: me.body.id, after };
  },

  async renewing() {
    let renewed = 0;
    const refresh = async () => {
      renewed += 1;
      return { access_token: accessToken };
    };
    const authorizer = sdk.refresher(sdk.oauth("expired"), refresh);
    const me = await client(authorizer).get({ base: "/me" });
    return { me: me.body.id, renewed };
  },
};

scenarios[scenario]().then(
  (told) => process.stdout.write(JSON.stringify(told)),
  (failure) => {
    process.stderr.write(String((failure && failure.stack) || JSON.stringify(failure && failure.body)));
    process.exitCode = 1;
  },
);
