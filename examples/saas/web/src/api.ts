// The client: every path, parameter, body, answer and refusal has the type that the OpenAPI document gives it.
import createClient from "openapi-fetch";
import type { components, paths } from "./openapi";

export type Plan = components["schemas"]["Plan"];
export type PlanPrice = components["schemas"]["PlanPrice"];
export type Money = components["schemas"]["Money"];
export type Problem = components["schemas"]["Problem"];
export type Subscription = components["schemas"]["Subscription"];

export const api = createClient<paths>();

/** Of the `status` values there are, those in which a plan counts. A misspelled one does not compile. */
export const LIVE: readonly Subscription["status"][] = ["trialing", "active", "past_due", "unpaid", "paused"];
