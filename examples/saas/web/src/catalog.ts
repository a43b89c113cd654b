// Written by `farthing types` from farthing.toml: change that, and run it again.

export const PRODUCT_KEYS = ["starter", "pro", "almanac"] as const;
export type ProductKey = (typeof PRODUCT_KEYS)[number];

export const KINDS = ["access", "content", "custom", "download", "goods", "job_posting", "service", "credits", "plan"] as const;
export type Kind = (typeof KINDS)[number];

export const FEATURES = ["alerts", "forecasts"] as const;
export type Feature = (typeof FEATURES)[number];

export const COUPON_KEYS = [] as const;
export type CouponKey = (typeof COUPON_KEYS)[number];

export const SHIPPING_RATES = [] as const;
export type ShippingRate = (typeof SHIPPING_RATES)[number];

export const CURRENCIES = ["eur"] as const;
export type Currency = (typeof CURRENCIES)[number];

export interface Product {
  readonly key: ProductKey;
  readonly name: string;
  readonly kind: Kind;
  readonly features: readonly Feature[];
  /** What one costs, in minor units; nothing where the buyer says it. */
  readonly prices: { readonly [currency in Currency]?: number };
  /** What a seat of a plan costs, by the name of the price. */
  readonly plan?: { readonly [price: string]: { readonly [currency in Currency]?: number } };
}

export const PRODUCTS: { readonly [key in ProductKey]: Product } = {
  "starter": { key: "starter", name: "Starter", kind: "plan", features: ["forecasts"], prices: {}, plan: {"monthly": {"eur": 900}} },
  "pro": { key: "pro", name: "Pro", kind: "plan", features: ["forecasts", "alerts"], prices: {}, plan: {"monthly": {"eur": 2900}, "yearly": {"eur": 29000}} },
  "almanac": { key: "almanac", name: "The printed almanac", kind: "custom", features: [], prices: { eur: 1900 } },
};

/** What one costs, in minor units; undefined where it has no fixed price in this currency. */
export function price(product: ProductKey, currency: Currency): number | undefined {
  return PRODUCTS[product].prices[currency];
}

export function isProductKey(text: string): text is ProductKey {
  return Object.prototype.hasOwnProperty.call(PRODUCTS, text);
}
