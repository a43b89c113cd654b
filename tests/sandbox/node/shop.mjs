// A purchase, a subscription and a marketplace, with the official Node SDK against the sandbox: node shop.mjs URL KEY
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import Stripe from "stripe";

const [url, key] = process.argv.slice(2);
const { protocol, hostname, port } = new URL(url);
const stripe = new Stripe(key, {
  host: hostname,
  port,
  protocol: protocol.slice(0, -1),
  telemetry: false,
  maxNetworkRetries: 0,
});
const DAY = 86_400;

async function control(path, fields = {}) {
  const answer = await fetch(`${url}/_sandbox${path}`, { method: "POST", body: JSON.stringify(fields) });
  assert.equal(answer.status, 200, await answer.text());
}

async function eventually(holds) {
  for (const end = Date.now() + 20_000; Date.now() < end; await wait(20)) {
    const found = await holds();
    if (found) return found;
  }
  assert.fail(`it did not happen in time: ${holds}`);
}

async function receiver() {
  const received = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ body: Buffer.concat(chunks), signature: request.headers["stripe-signature"] });
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { received, server, url: `http://127.0.0.1:${server.address().port}/hooks` };
}

async function purchase() {
  const { received, server, url: hooks } = await receiver();
  const endpoint = await stripe.webhookEndpoints.create({ url: hooks, enabled_events: ["checkout.session.completed"] });
  const session = await stripe.checkout.sessions.create({
    mode: "payment",
    line_items: [{ quantity: 2, price_data: { currency: "usd", unit_amount: 1250, product_data: { name: "Tea pot" } } }],
    client_reference_id: "order_1",
    success_url: "http://127.0.0.1:9/thanks?s={CHECKOUT_SESSION_ID}",
  });
  assert.deepEqual([session.status, session.amount_total, session.payment_status], ["open", 2500, "unpaid"]);
  await control(`/checkout/sessions/${session.id}/pay`, { card: "4242424242424242", email: "ada@example.com" });
  const { body, signature } = await eventually(() => received[0]);
  const event = stripe.webhooks.constructEvent(body, signature, endpoint.secret);
  assert.equal(event.type, "checkout.session.completed");
  assert.deepEqual([event.data.object.id, event.data.object.payment_status], [session.id, "paid"]);
  assert.throws(
    () => stripe.webhooks.constructEvent(body, signature, "whsec_of_somebody_else"),
    Stripe.errors.StripeSignatureVerificationError,
  );
  const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ["line_items", "payment_intent"] });
  assert.deepEqual([paid.status, paid.line_items.data[0].quantity], ["complete", 2]);
  assert.equal(paid.payment_intent.amount_received, 2500);
  await stripe.webhookEndpoints.del(endpoint.id);
  server.close();
}

async function refusals() {
  await assert.rejects(stripe.customers.create({ coupon: "x" }), (error) => {
    assert.deepEqual([error.type, error.statusCode, error.code, error.param], [
      "StripeInvalidRequestError",
      400,
      "parameter_unknown",
      "coupon",
    ]);
    return true;
  });
  const declined = {
    amount: 900,
    currency: "usd",
    payment_method: "pm_card_visa_chargeDeclinedInsufficientFunds",
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
  };
  await assert.rejects(stripe.paymentIntents.create(declined), (error) => {
    assert.deepEqual([error.type, error.statusCode, error.decline_code], ["StripeCardError", 402, "insufficient_funds"]);
    return true;
  });
}

async function subscription() {
  const start = Date.UTC(2026, 0, 31, 12) / 1000;
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start });
  const customer = await stripe.customers.create({ email: "ada@example.com", test_clock: clock.id });
  const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: card.id } });
  const price = await stripe.prices.create({
    currency: "usd",
    unit_amount: 1000,
    recurring: { interval: "month" },
    product_data: { name: "Plan" },
  });
  const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
  assert.equal(made.status, "active");
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: start + 29 * DAY });
  await eventually(async () => (await stripe.testHelpers.testClocks.retrieve(clock.id)).status === "ready");
  const invoices = await stripe.invoices.list({ subscription: made.id });
  assert.deepEqual(
    invoices.data.map((each) => [each.billing_reason, each.status, each.amount_paid]),
    [["subscription_cycle", "paid", 1000], ["subscription_create", "paid", 1000]],
  );
  const renewed = await stripe.subscriptions.retrieve(made.id);
  assert.ok(renewed.items.data[0].current_period_start > start);
  assert.equal((await stripe.subscriptions.cancel(made.id)).status, "canceled");
}

async function marketplace() {
  const asked = { card_payments: { requested: true }, transfers: { requested: true } };
  const seller = await stripe.accounts.create({ type: "express", country: "US", capabilities: asked });
  assert.equal(seller.charges_enabled, false);
  await control(`/accounts/${seller.id}/onboard`, { outcome: "complete" });
  assert.equal((await stripe.accounts.retrieve(seller.id)).charges_enabled, true);
  const intent = await stripe.paymentIntents.create({
    amount: 10_000,
    currency: "usd",
    payment_method: "pm_card_bypassPending",
    confirm: true,
    transfer_group: "order_1",
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
    expand: ["latest_charge"],
  });
  assert.deepEqual([intent.status, intent.latest_charge.paid], ["succeeded", true]);
  const available = async (options) => (await stripe.balance.retrieve({}, options)).available[0].amount;
  await eventually(async () => (await available()) >= 9000);
  const transfer = await stripe.transfers.create({
    amount: 9000,
    currency: "usd",
    destination: seller.id,
    transfer_group: "order_1",
  });
  assert.equal(await available({ stripeAccount: seller.id }), 9000);
  const reversal = await stripe.transfers.createReversal(transfer.id, { amount: 4000 });
  assert.equal(reversal.transfer, transfer.id);
  assert.equal((await stripe.transfers.retrieve(transfer.id)).amount_reversed, 4000);
  assert.equal(await available({ stripeAccount: seller.id }), 5000);
}

for (const flow of [purchase, refusals, subscription, marketplace]) {
  await flow();
  console.log(flow.name);
}
