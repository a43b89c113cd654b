import { api, LIVE, type Money, type PlanPrice, type Problem, type Subscription } from "./api";
import { isProductKey, type ProductKey, PRODUCTS } from "./catalog";

/** What farthing.toml does not say: a slogan for each product, and none can be forgotten. */
const SLOGANS: { readonly [key in ProductKey]: string } = {
  starter: "High and low water for every harbor",
  pro: "The forecast, and an alert before the water comes",
  almanac: "A year of tides on paper",
};

/** Of our own address, after a payment. */
const PAID = "paid";
const WAIT_SECONDS = 30;

const said = element("said");
const mine = element("mine");
const cards = element("cards");

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

function text<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, content: string, className = ""): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.textContent = content;
  made.className = className;
  return made;
}

function money({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function day(moment: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(new Date(moment));
}

/** `code` is one of those that there are; `detail` is a sentence that may be shown. */
function refused(problem: Problem): void {
  said.textContent = problem.code === "unauthenticated" ? "Say hello first: /hello?user=ada" : problem.detail;
}

function button(words: string, act: () => Promise<void>): HTMLButtonElement {
  const made = text("button", words);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    said.textContent = "";
    try {
      await act();
    } catch {
      said.textContent = "There was no answer. Try again.";
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

async function subscribe(plan: ProductKey, price: string, attempt: string): Promise<void> {
  const back = new URL("/app/", location.href).href;
  const { data, error } = await api.POST("/v1/subscriptions/checkout", {
    params: { header: { "Idempotency-Key": attempt } },
    body: { plan, price, success_url: `${back}?${PAID}`, cancel_url: back },
  });
  if (error) refused(error);
  else if (data.url) location.assign(data.url);
}

function until(plan: Subscription): string {
  if (plan.ends_at) return `ends on ${day(plan.ends_at)}`;
  if (plan.trial_end && plan.status === "trialing") return `free until ${day(plan.trial_end)}`;
  return plan.paid_until ? `paid until ${day(plan.paid_until)}` : "not paid yet";
}

/** Whether there is a plan to show. */
async function showMine(): Promise<boolean> {
  const { data, error, response } = await api.GET("/v1/subscriptions");
  if (error) {
    if (response.status !== 401) refused(error);
    return false;
  }
  const plan = data.data.find((each) => LIVE.includes(each.status));
  if (!plan) {
    mine.replaceChildren();
    return false;
  }
  const name = isProductKey(plan.plan) ? PRODUCTS[plan.plan].name : plan.plan;
  mine.replaceChildren(
    text("h2", `Your plan: ${name}`),
    text("p", `${money(plan.amount)} / ${plan.interval}, ${until(plan)}.`),
    plan.ends_at ? button("Keep it after all", () => resume(plan)) : button("Cancel at the end of the period", () => cancel(plan)),
  );
  return true;
}

/** Who comes back from paying proves nothing by it: the plan is there when the provider has told Farthing, a moment later. */
async function waitForMine(): Promise<void> {
  const shown = text("p", "Your payment is being confirmed…");
  for (let seconds = 0; seconds < WAIT_SECONDS; seconds++) {
    if (await showMine()) {
      history.replaceState(null, "", location.pathname);
      return;
    }
    mine.replaceChildren(shown);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  shown.textContent = "This takes longer than usual. We will write to you as soon as your plan has begun.";
}

async function cancel(plan: Subscription): Promise<void> {
  const { error } = await api.POST("/v1/subscriptions/{id}/cancellation", {
    params: { path: { id: plan.id } },
    body: { when: "period_end" },
  });
  if (error) refused(error);
  await showMine();
}

async function resume(plan: Subscription): Promise<void> {
  const { error } = await api.POST("/v1/subscriptions/{id}/resumption", { params: { path: { id: plan.id } } });
  if (error) refused(error);
  await showMine();
}

function card(plan: ProductKey, name: string, price: PlanPrice, unit: Money, trial: number | null): HTMLElement {
  const made = document.createElement("li");
  // One for each card that is shown: clicked twice, it leads to the same page and not to two subscriptions.
  const attempt = crypto.randomUUID();
  const buy = button("Subscribe", () => subscribe(plan, price.id, attempt));
  buy.setAttribute("aria-label", `Subscribe: ${name}, by the ${price.interval}`);
  made.append(
    text("h2", name),
    text("span", `${money(unit)} / ${price.interval}`, "price"),
    ...(trial ? [text("span", `${trial} days free`)] : []),
    text("span", SLOGANS[plan]),
    buy,
  );
  return made;
}

async function showCards(): Promise<void> {
  const { data, error } = await api.GET("/v1/products", { params: { query: { locale: "en" } } });
  if (error) {
    refused(error);
    return;
  }
  for (const { id, name, plan } of data.data) {
    if (!plan || !isProductKey(id)) continue;
    for (const price of plan.prices.filter((each) => each.active)) {
      const [unit] = price.prices;
      if (unit) cards.append(card(id, name, price, unit, plan.trial_days));
    }
  }
  cards.removeAttribute("aria-busy");
}

const returned = new URLSearchParams(location.search).has(PAID);
await Promise.all([returned ? waitForMine() : showMine(), showCards()]);
