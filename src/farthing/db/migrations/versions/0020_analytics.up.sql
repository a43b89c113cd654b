-- What the facts of subscriptions say of the business. All of it but the alerts is derived, and can be derived again.

-- A pause is a change like any other: nothing is collected meanwhile.
ALTER TABLE subscription_facts ADD COLUMN paused boolean NOT NULL DEFAULT false;
CREATE INDEX subscription_facts_customer ON subscription_facts (customer_id, subscription_id, id);
CREATE INDEX subscription_starts_started ON subscription_starts (started_at);
CREATE INDEX payments_succeeded ON payments (succeeded_at) WHERE succeeded_at IS NOT NULL;
CREATE INDEX invoice_payments_paid ON invoice_payments (paid_at);
CREATE INDEX events_of_failed_payments ON events (happened_at)
    WHERE type IN ('payment.failed', 'payment.off_session_failed', 'invoice.payment_failed');

-- What a subscription is worth a month: of a year the twelfth, of a week 52 twelfths, of a day 365 twelfths. In parts, of which
-- 30240 are one minor unit: then it is a whole number for every interval of up to 10 and of 12, 13, 14, 18, 24, 26, 28, 30, 36,
-- 52, 90 or 365 at a time, and for any other one it is off by less than a sixty-thousandth of a minor unit. Sums of parts are
-- exact, and nobody rounds before the last step.
CREATE FUNCTION mrr_parts(
    status text, paused boolean, duplicate boolean, amount bigint, discount bigint, "interval" text, count integer
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN status IN ('active', 'past_due') AND NOT paused AND NOT duplicate THEN
    ((amount - discount)
        * CASE "interval" WHEN 'month' THEN 30240 WHEN 'year' THEN 2520 WHEN 'week' THEN 131040 ELSE 919800 END
        + count / 2) / count
    ELSE 0 END;

CREATE VIEW subscription_worth AS
SELECT id, subscription_id, customer_id, livemode, currency, plan, happened_at,
    (happened_at AT TIME ZONE 'UTC')::date AS day,
    mrr_parts(status, paused, duplicate, amount, discount_amount, interval, interval_count) AS parts
FROM subscription_facts;

-- MRR at the end of a day (UTC), from the facts alone: the newest of each subscription until then.
CREATE FUNCTION mrr_on(day date)
RETURNS TABLE (livemode boolean, currency text, parts numeric, subscriptions bigint, customers bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT livemode, currency, sum(parts), count(*), count(DISTINCT customer_id)
    FROM (
        SELECT DISTINCT ON (subscription_id) livemode, currency, customer_id, parts
        FROM subscription_worth
        WHERE happened_at < (mrr_on.day + 1)::timestamp AT TIME ZONE 'UTC'
        ORDER BY subscription_id, id DESC
    ) AS newest
    WHERE parts > 0
    GROUP BY livemode, currency
$$;

-- What each customer was worth at the end of a day against the end of the day before, where that differs. From nothing for the
-- first time it is new, from nothing again a reactivation, to nothing churn.
CREATE VIEW mrr_movements_from_facts AS
WITH steps AS (
    SELECT customer_id, livemode, currency, day, parts,
        lag(parts) OVER each_one AS former_parts, lag(currency) OVER each_one AS former_currency
    FROM subscription_worth
    WINDOW each_one AS (PARTITION BY customer_id, subscription_id ORDER BY id)
), days AS (
    SELECT steps.customer_id, steps.livemode, moved.currency, steps.day, sum(moved.parts)::bigint AS parts
    FROM steps CROSS JOIN LATERAL (VALUES
        (steps.currency, steps.parts - CASE WHEN former_currency = steps.currency THEN former_parts ELSE 0 END),
        (former_currency, CASE WHEN former_currency <> steps.currency THEN -former_parts ELSE 0 END)
    ) AS moved (currency, parts)
    WHERE moved.parts <> 0
    GROUP BY steps.customer_id, steps.livemode, moved.currency, steps.day
    HAVING sum(moved.parts) <> 0
), sums AS (
    SELECT customer_id, livemode, currency, day, parts, (sum(parts) OVER up_to_here)::bigint AS after_parts,
        first_value(day) OVER up_to_here AS first_day
    FROM days
    WINDOW up_to_here AS (PARTITION BY customer_id, livemode, currency ORDER BY day)
)
SELECT customer_id, livemode, currency, day,
    CASE
        WHEN day = first_day THEN 'new'
        WHEN after_parts = parts THEN 'reactivation'
        WHEN after_parts = 0 THEN 'churn'
        WHEN parts > 0 THEN 'expansion'
        ELSE 'contraction'
    END AS kind,
    parts, after_parts, date_trunc('month', first_day)::date AS cohort
FROM sums;

-- The same, kept. No row here holds a lock on its customer: it is derived, and whoever writes facts holds that one.
CREATE TABLE mrr_movements (
    customer_id uuid NOT NULL,
    livemode boolean NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('new', 'expansion', 'contraction', 'churn', 'reactivation')),
    parts bigint NOT NULL,
    after_parts bigint NOT NULL CHECK (after_parts >= 0),
    -- The month of the customer's first.
    cohort date NOT NULL,
    PRIMARY KEY (customer_id, livemode, currency, day),
    CHECK (CASE WHEN kind IN ('contraction', 'churn') THEN parts < 0 ELSE parts > 0 END),
    CHECK ((kind = 'churn') = (after_parts = 0)),
    CHECK (kind NOT IN ('new', 'reactivation') OR parts = after_parts)
);
CREATE INDEX mrr_movements_day ON mrr_movements (day, kind);

-- Their sums by day, and of each cohort by month.
CREATE TABLE mrr_days (
    livemode boolean NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    parts numeric NOT NULL,
    customers bigint NOT NULL CHECK (customers >= 0),
    PRIMARY KEY (livemode, currency, day, kind)
);
CREATE TABLE mrr_cohorts (
    livemode boolean NOT NULL,
    currency text NOT NULL,
    cohort date NOT NULL,
    month date NOT NULL CHECK (month >= cohort),
    -- What changed in the month: how many more of the cohort pay, and how much.
    customers bigint NOT NULL,
    parts numeric NOT NULL,
    PRIMARY KEY (livemode, currency, cohort, month)
);

-- Whose movements are to be derived anew. Written by whoever adds a fact, in that transaction.
CREATE TABLE mrr_stale (
    customer_id uuid PRIMARY KEY,
    marked_at timestamptz NOT NULL
);
CREATE INDEX mrr_stale_marked ON mrr_stale (marked_at);

CREATE FUNCTION mrr_mark_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Not DO NOTHING: the row is to be locked until we commit, so that nobody derives without the new fact and forgets the mark.
    INSERT INTO mrr_stale (customer_id, marked_at)
    SELECT customer_id, max(recorded_at) FROM added GROUP BY customer_id ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET marked_at = excluded.marked_at;
    RETURN NULL;
END $$;
CREATE TRIGGER subscription_facts_make_stale AFTER INSERT ON subscription_facts
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION mrr_mark_stale();

-- Derive the movements of so many marked customers anew, and bring the sums along. Returns how many they were.
CREATE FUNCTION mrr_refresh(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    whose uuid[];
    fresh mrr_movements[];
    changed mrr_days[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('farthing mrr'));
    WITH taken AS (SELECT customer_id FROM mrr_stale ORDER BY marked_at LIMIT most FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM mrr_stale USING taken WHERE mrr_stale.customer_id = taken.customer_id RETURNING taken.customer_id)
    SELECT array_agg(customer_id) INTO whose FROM gone;
    IF whose IS NULL THEN
        RETURN 0;
    END IF;
    -- A statement of its own: it sees all that was committed when the marks were taken.
    SELECT coalesce(array_agg(ROW(derived.*)::mrr_movements), '{}') INTO fresh
    FROM mrr_movements_from_facts AS derived WHERE customer_id = ANY (whose);

    SELECT array_agg(ROW(livemode, currency, day, kind, parts, customers)::mrr_days) INTO changed
    FROM (
        SELECT livemode, currency, day, kind, sum(parts) AS parts, sum(sign) AS customers
        FROM (
            SELECT livemode, currency, day, kind, parts, 1 AS sign FROM unnest(fresh)
            UNION ALL
            SELECT livemode, currency, day, kind, -parts, -1 FROM mrr_movements WHERE customer_id = ANY (whose)
        ) AS both_sides
        GROUP BY livemode, currency, day, kind HAVING sum(parts) <> 0 OR sum(sign) <> 0
    ) AS sums;
    INSERT INTO mrr_days SELECT livemode, currency, day, kind, 0, 0 FROM unnest(changed)
    ON CONFLICT (livemode, currency, day, kind) DO NOTHING;
    UPDATE mrr_days AS held SET parts = held.parts + new.parts, customers = held.customers + new.customers
    FROM unnest(changed) AS new
    WHERE (held.livemode, held.currency, held.day, held.kind) = (new.livemode, new.currency, new.day, new.kind);
    DELETE FROM mrr_days AS held USING unnest(changed) AS new
    WHERE (held.livemode, held.currency, held.day, held.kind) = (new.livemode, new.currency, new.day, new.kind)
        AND held.customers = 0;

    INSERT INTO mrr_cohorts AS held
    SELECT livemode, currency, cohort, month, sum(customers), sum(parts)
    FROM (
        SELECT livemode, currency, cohort, date_trunc('month', day)::date AS month, parts,
            CASE WHEN kind IN ('new', 'reactivation') THEN 1 WHEN kind = 'churn' THEN -1 ELSE 0 END AS customers
        FROM unnest(fresh)
        UNION ALL
        SELECT livemode, currency, cohort, date_trunc('month', day)::date, -parts,
            CASE WHEN kind IN ('new', 'reactivation') THEN -1 WHEN kind = 'churn' THEN 1 ELSE 0 END
        FROM mrr_movements WHERE customer_id = ANY (whose)
    ) AS both_sides
    GROUP BY livemode, currency, cohort, month HAVING sum(parts) <> 0 OR sum(customers) <> 0
    ON CONFLICT (livemode, currency, cohort, month)
        DO UPDATE SET parts = held.parts + excluded.parts, customers = held.customers + excluded.customers;

    DELETE FROM mrr_movements WHERE customer_id = ANY (whose);
    INSERT INTO mrr_movements SELECT * FROM unnest(fresh);
    RETURN cardinality(whose);
END $$;

-- Forget what is derived, and derive all of it from the facts.
CREATE FUNCTION mrr_rebuild() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('farthing mrr'));
    LOCK TABLE mrr_stale IN ACCESS EXCLUSIVE MODE;
    DELETE FROM mrr_stale;
    TRUNCATE mrr_movements, mrr_days, mrr_cohorts;
    INSERT INTO mrr_movements SELECT * FROM mrr_movements_from_facts;
    INSERT INTO mrr_days
    SELECT livemode, currency, day, kind, sum(parts), count(*) FROM mrr_movements GROUP BY livemode, currency, day, kind;
    INSERT INTO mrr_cohorts
    SELECT livemode, currency, cohort, date_trunc('month', day)::date,
        sum(CASE WHEN kind IN ('new', 'reactivation') THEN 1 WHEN kind = 'churn' THEN -1 ELSE 0 END), sum(parts)
    FROM mrr_movements GROUP BY 1, 2, 3, 4;
END $$;

-- What is kept and is not what the facts say; nothing, once nobody is marked.
CREATE VIEW mrr_differences AS
SELECT 'movement' AS what, count(*) AS rows FROM (
    (TABLE mrr_movements EXCEPT ALL TABLE mrr_movements_from_facts)
    UNION ALL (TABLE mrr_movements_from_facts EXCEPT ALL TABLE mrr_movements)
) AS found
UNION ALL
SELECT 'day', count(*) FROM (
    SELECT livemode, currency, day, kind, sum(parts) AS parts, count(*) AS customers
    FROM mrr_movements_from_facts GROUP BY livemode, currency, day, kind
) AS derived FULL JOIN mrr_days AS kept USING (livemode, currency, day, kind)
WHERE (derived.parts, derived.customers) IS DISTINCT FROM (kept.parts, kept.customers)
UNION ALL
SELECT 'cohort', count(*) FROM (
    SELECT livemode, currency, cohort, date_trunc('month', day)::date AS month, sum(parts) AS parts,
        sum(CASE WHEN kind IN ('new', 'reactivation') THEN 1 WHEN kind = 'churn' THEN -1 ELSE 0 END) AS customers
    FROM mrr_movements_from_facts GROUP BY 1, 2, 3, 4
) AS derived FULL JOIN mrr_cohorts AS kept USING (livemode, currency, cohort, month)
WHERE (coalesce(derived.parts, 0), coalesce(derived.customers, 0))
    IS DISTINCT FROM (coalesce(kept.parts, 0), coalesce(kept.customers, 0));

-- MRR at the end of a day, as it is kept: a sum over days instead of facts.
CREATE FUNCTION mrr_kept_on(day date) RETURNS TABLE (livemode boolean, currency text, parts numeric, customers numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT livemode, currency, sum(parts),
        sum(CASE WHEN kind IN ('new', 'reactivation') THEN customers WHEN kind = 'churn' THEN -customers ELSE 0 END)
    FROM mrr_days WHERE day <= mrr_kept_on.day GROUP BY livemode, currency
$$;

-- Movements of each month, between what it was at its two ends; ARPU, churn and net revenue retention are ratios of these.
CREATE FUNCTION mrr_months(first date, last date) RETURNS TABLE (
    month date, livemode boolean, currency text, start_parts numeric, new_parts numeric, expansion_parts numeric,
    contraction_parts numeric, churn_parts numeric, reactivation_parts numeric, end_parts numeric, start_customers numeric,
    new_customers numeric, churned_customers numeric, reactivated_customers numeric, end_customers numeric
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH sums AS (
        -- All months before the first one are one.
        SELECT livemode, currency, greatest(date_trunc('month', day)::date, (first - interval '1 month')::date) AS month,
            sum(parts) FILTER (WHERE kind = 'new') AS new_parts,
            sum(parts) FILTER (WHERE kind = 'expansion') AS expansion_parts,
            sum(parts) FILTER (WHERE kind = 'contraction') AS contraction_parts,
            sum(parts) FILTER (WHERE kind = 'churn') AS churn_parts,
            sum(parts) FILTER (WHERE kind = 'reactivation') AS reactivation_parts,
            sum(parts) AS parts,
            sum(customers) FILTER (WHERE kind = 'new') AS new_customers,
            sum(customers) FILTER (WHERE kind = 'churn') AS churned_customers,
            sum(customers) FILTER (WHERE kind = 'reactivation') AS reactivated_customers
        FROM mrr_days WHERE day < (last + interval '1 month')::date GROUP BY 1, 2, 3
    ), months AS (
        SELECT month::date AS month FROM generate_series(first - interval '1 month', last, '1 month') AS month
    ), books AS (SELECT DISTINCT livemode, currency FROM sums), running AS (
        SELECT month, livemode, currency, coalesce(new_parts, 0) AS new_parts, coalesce(expansion_parts, 0) AS expansion_parts,
            coalesce(contraction_parts, 0) AS contraction_parts, coalesce(churn_parts, 0) AS churn_parts,
            coalesce(reactivation_parts, 0) AS reactivation_parts, coalesce(parts, 0) AS parts,
            coalesce(new_customers, 0) AS new_customers, coalesce(churned_customers, 0) AS churned_customers,
            coalesce(reactivated_customers, 0) AS reactivated_customers,
            sum(coalesce(parts, 0)) OVER up_to_here AS end_parts,
            sum(coalesce(new_customers, 0) + coalesce(reactivated_customers, 0) - coalesce(churned_customers, 0))
                OVER up_to_here AS end_customers
        FROM months CROSS JOIN books LEFT JOIN sums USING (month, livemode, currency)
        WINDOW up_to_here AS (PARTITION BY livemode, currency ORDER BY month)
    )
    SELECT month, livemode, currency, end_parts - parts, new_parts, expansion_parts, contraction_parts, churn_parts,
        reactivation_parts, end_parts, end_customers - new_customers - reactivated_customers + churned_customers,
        new_customers, churned_customers, reactivated_customers, end_customers
    FROM running WHERE month >= first ORDER BY month, livemode, currency
$$;

-- Of those whose first month it was, how many pay at the end of each month since, and how much.
CREATE FUNCTION mrr_retention(first date, last date) RETURNS TABLE (
    cohort date, month date, livemode boolean, currency text, started bigint, customers numeric, parts numeric
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH starts AS (
        SELECT date_trunc('month', day)::date AS cohort, livemode, currency, sum(customers)::bigint AS started
        FROM mrr_days WHERE kind = 'new' AND day >= first AND day < (last + interval '1 month')::date GROUP BY 1, 2, 3
    )
    SELECT cohort, grid.month::date, livemode, currency, started,
        sum(coalesce(held.customers, 0)) OVER up_to_here, sum(coalesce(held.parts, 0)) OVER up_to_here
    FROM starts CROSS JOIN LATERAL generate_series(cohort::timestamp, last, '1 month') AS grid (month)
        LEFT JOIN mrr_cohorts AS held USING (livemode, currency, cohort, month)
    WINDOW up_to_here AS (PARTITION BY cohort, livemode, currency ORDER BY grid.month)
    ORDER BY cohort, livemode, currency, grid.month
$$;

-- Of the wishes to begin a plan between two days, how many became a subscription, and how many were ever paid.
CREATE FUNCTION conversion_by_plan(first date, last date) RETURNS TABLE (
    plan text, livemode boolean, currency text, started bigint, completed bigint, trialed bigint, paid bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT begun.plan, begun.livemode, begun.currency, count(*), count(*) FILTER (WHERE begun.status = 'complete'),
        count(*) FILTER (WHERE one.trial_start IS NOT NULL),
        count(*) FILTER (WHERE EXISTS (
            SELECT FROM invoices WHERE invoices.subscription_id = one.id AND invoices.status = 'paid' AND paid_amount > 0
        ))
    FROM subscription_starts AS begun LEFT JOIN subscriptions AS one ON one.start_id = begun.id
    WHERE begun.started_at >= first::timestamp AT TIME ZONE 'UTC'
        AND begun.started_at < (last + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY begun.plan, begun.livemode, begun.currency ORDER BY begun.plan, begun.livemode, begun.currency
$$;

-- A public id such as order_01k9h4w3q8fvtb7m2x5c6d0e1f as it is kept.
CREATE FUNCTION uuid_of(id text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(substr(bits, 3, 64)::bit(64)::bigint), 16, '0')
        || lpad(to_hex(substr(bits, 67, 64)::bit(64)::bigint), 16, '0'))::uuid
    FROM (
        SELECT string_agg((strpos('0123456789abcdefghjkmnpqrstvwxyz', letter) - 1)::bit(5)::text, '' ORDER BY place) AS bits
        FROM unnest(string_to_array(right(id, 26), NULL)) WITH ORDINALITY AS letters (letter, place)
    ) AS spelled
$$;

-- Every payment that failed in a stretch of time, once: why it failed last, and whether the money came after all.
CREATE FUNCTION failed_payments_between(since timestamptz, until timestamptz) RETURNS TABLE (
    what text, id uuid, livemode boolean, currency text, amount bigint, reason text, attempts bigint, recovered boolean,
    customer_id uuid, order_id uuid, subscription_id uuid, failed_at timestamptz
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH failures AS (
        SELECT type = 'invoice.payment_failed' AS of_invoice,
            uuid_of(CASE WHEN type = 'invoice.payment_failed' THEN data ->> 'invoice' ELSE data ->> 'payment' END) AS id,
            count(*) AS attempts,
            (array_agg(data ->> 'code' ORDER BY sequence DESC))[1] AS reason,
            max(happened_at) AS failed_at
        FROM events
        WHERE type IN ('payment.failed', 'payment.off_session_failed', 'invoice.payment_failed')
            AND happened_at >= since AND happened_at < until
        GROUP BY 1, 2
    )
    SELECT 'subscription', invoices.id, invoices.livemode, invoices.currency, invoices.total_amount,
        coalesce(reason, invoices.failure_code, 'unknown'), attempts,
        invoices.status = 'paid', invoices.customer_id, NULL::uuid, invoices.subscription_id, failed_at
    FROM failures JOIN invoices USING (id) WHERE of_invoice
    UNION ALL
    SELECT 'order', payments.id, payments.livemode, payments.currency, payments.amount,
        coalesce(reason, payments.failure_code, 'unknown'), attempts,
        payments.status IN ('succeeded', 'surplus')
            OR EXISTS (SELECT FROM payments AS other WHERE other.order_id = payments.order_id AND other.settles),
        orders.customer_id, payments.order_id, NULL::uuid, failed_at
    FROM failures JOIN payments USING (id) JOIN orders ON orders.id = payments.order_id WHERE NOT of_invoice
$$;

CREATE FUNCTION failed_payments(first date, last date) RETURNS TABLE (
    what text, reason text, livemode boolean, currency text, failed bigint, attempts numeric, failed_amount numeric,
    recovered bigint, recovered_amount numeric
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT what, reason, livemode, currency, count(*), sum(attempts), sum(amount), count(*) FILTER (WHERE recovered),
        coalesce(sum(amount) FILTER (WHERE recovered), 0)
    FROM failed_payments_between(first::timestamp AT TIME ZONE 'UTC', (last + 1)::timestamp AT TIME ZONE 'UTC')
    GROUP BY what, reason, livemode, currency ORDER BY count(*) DESC, what, reason, livemode, currency
$$;

-- Of the payments that were tried in a stretch of time, how many came. One that failed first and came then, came.
CREATE FUNCTION payment_success(since timestamptz, until timestamptz)
RETURNS TABLE (livemode boolean, succeeded bigint, failed bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT livemode, count(*) FILTER (WHERE came), count(*) FILTER (WHERE NOT came)
    FROM (
        SELECT livemode, true AS came FROM payments WHERE succeeded_at >= since AND succeeded_at < until
        UNION ALL
        SELECT livemode, true FROM invoice_payments WHERE paid_at >= since AND paid_at < until
        UNION ALL
        SELECT livemode, false FROM failed_payments_between(since, until) WHERE NOT recovered
    ) AS tried
    GROUP BY livemode
$$;

-- Too few payments come: said once, until they come again.
CREATE TABLE payment_alerts (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    livemode boolean NOT NULL,
    window_hours integer NOT NULL CHECK (window_hours > 0),
    succeeded bigint NOT NULL,
    failed bigint NOT NULL CHECK (failed > 0),
    limit_percent integer NOT NULL CHECK (limit_percent BETWEEN 1 AND 100),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz CHECK (closed_at >= opened_at)
);
CREATE UNIQUE INDEX payment_alerts_one_open ON payment_alerts (livemode, window_hours) WHERE closed_at IS NULL;

SELECT mrr_rebuild();
