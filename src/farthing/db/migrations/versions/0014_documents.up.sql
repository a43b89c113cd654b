-- Our rows in the words of three documents, for reports and tools that were written after them. They are read, never written:
-- what an order becomes is decided in one place. A schema of its own: a reporting role is granted this and nothing else.
CREATE SCHEMA IF NOT EXISTS farthing_documents;

-- Document 003. `completed` and `paid` are one thing, told of orders; a payment has `succeeded`.
CREATE VIEW farthing_documents.payments_003 AS
SELECT
    payment.id,
    payment.order_id,
    customer.external_id AS user_id,
    payment.provider_payment_id AS stripe_payment_intent_id,
    checkout.provider_checkout_id AS stripe_checkout_session_id,
    'payment'::text AS mode,
    -- What came in is what counts; until then, what is asked.
    coalesce(payment.received_amount, payment.amount) AS amount,
    payment.refunded_amount,
    coalesce(payment.received_currency, payment.currency) AS currency,
    CASE
        -- A refund of a part leaves a payment what it is.
        WHEN payment.received_amount IS NOT NULL AND payment.refunded_amount = payment.received_amount THEN 'refunded'
        WHEN payment.received_amount IS NOT NULL THEN 'succeeded'
        WHEN payment.status = 'canceled' OR (payment.status = 'open' AND payment.failure_code IS NOT NULL) THEN 'failed'
        WHEN payment.status = 'open' THEN 'pending'
        ELSE 'processing'
    END AS status,
    placed.metadata,
    payment.livemode,
    payment.opened_at AS created_at,
    greatest(payment.opened_at, payment.succeeded_at) AS updated_at,
    payment.succeeded_at AS completed_at
FROM farthing.payments AS payment
JOIN farthing.orders AS placed ON placed.id = payment.order_id
JOIN farthing.customers AS customer ON customer.id = placed.customer_id
LEFT JOIN farthing.checkouts AS checkout ON checkout.payment_id = payment.id;

CREATE VIEW farthing_documents.stripe_customers_003 AS
SELECT
    customer.external_id AS user_id,
    known.provider_customer_id AS stripe_customer_id,
    known.livemode,
    known.created_at,
    coalesce(known.pushed_at, known.created_at) AS updated_at
FROM farthing.provider_customers AS known
JOIN farthing.customers AS customer ON customer.id = known.customer_id
WHERE known.provider = 'stripe' AND known.provider_customer_id IS NOT NULL AND customer.external_id IS NOT NULL;

CREATE VIEW farthing_documents.payment_events_003 AS
SELECT
    event.id,
    event.provider_event_id AS stripe_event_id,
    event.type,
    event.status,
    event.order_id,
    -- The words of an event are forgotten after some months; that it came never is.
    CASE WHEN length(event.body) > 0 THEN convert_from(event.body, 'UTF8')::jsonb END AS payload,
    event.livemode,
    event.received_at AS created_at,
    event.finished_at AS processed_at
FROM farthing.provider_events AS event
WHERE event.provider = 'stripe';

-- Document 000.
CREATE VIEW farthing_documents.orders_000 AS
SELECT
    placed.id,
    placed.number,
    customer.external_id AS user_id,
    (
        SELECT jsonb_agg(
            jsonb_build_object('productId', line.product, 'quantity', line.quantity, 'metadata', line.metadata)
            ORDER BY line.position
        )
        FROM farthing.line_items AS line WHERE line.order_id = placed.id
    ) AS items,
    placed.total_amount,
    upper(placed.currency) AS currency,
    CASE
        WHEN placed.status IN ('paid', 'refunded') THEN placed.status
        -- Not paid in time.
        WHEN placed.status <> 'open' THEN 'canceled'
        -- The last try was declined; the buyer may try again.
        WHEN EXISTS (
            SELECT FROM farthing.payments AS tried
            WHERE tried.order_id = placed.id AND tried.status = 'open' AND tried.failure_code IS NOT NULL
        ) THEN 'failed'
        ELSE 'pending'
    END AS status,
    checkout.provider,
    checkout.provider_checkout_id AS provider_session_id,
    placed.metadata,
    placed.livemode,
    placed.placed_at AS created_at,
    greatest(placed.placed_at, placed.paid_at, placed.cancel_requested_at, placed.closed_at) AS updated_at,
    placed.paid_at AS completed_at
FROM farthing.orders AS placed
JOIN farthing.customers AS customer ON customer.id = placed.customer_id
LEFT JOIN LATERAL (
    SELECT page.provider, page.provider_checkout_id FROM farthing.checkouts AS page
    WHERE page.order_id = placed.id ORDER BY page.started_at DESC, page.id DESC LIMIT 1
) AS checkout ON true;

CREATE VIEW farthing_documents.payments_000 AS
SELECT
    payment.id,
    payment.order_id,
    collected.provider,
    payment.stripe_payment_intent_id AS provider_payment_id,
    known.provider_customer_id,
    payment.amount,
    upper(payment.currency) AS currency,
    payment.status,
    payment.metadata,
    payment.livemode,
    payment.created_at,
    payment.updated_at,
    payment.completed_at
FROM farthing_documents.payments_003 AS payment
JOIN farthing.payments AS collected ON collected.id = payment.id
JOIN farthing.orders AS placed ON placed.id = payment.order_id
LEFT JOIN farthing.provider_customers AS known
    ON known.customer_id = placed.customer_id AND known.provider = collected.provider AND known.livemode = collected.livemode
-- In this document a payment is there once the provider has named it.
WHERE collected.provider_payment_id IS NOT NULL;

-- Document 002. What the buyer paid is platform_fee_cents + organization_fee_cents + creator_payout_cents + tax_cents.
CREATE VIEW farthing_documents.purchases_002 AS
SELECT
    purchase.id,
    purchase.order_id,
    purchase.customer_id AS farthing_customer_id,
    customer.external_id AS customer_id,
    purchase.content AS content_id,
    purchase.title AS content_title,
    line.details ->> 'slug' AS content_slug,
    purchase.amount + purchase.tax_amount AS amount_paid_cents,
    purchase.currency,
    payment.provider_payment_id AS stripe_payment_intent_id,
    purchase.status,
    purchase.platform_fee_amount AS platform_fee_cents,
    purchase.organization_fee_amount AS organization_fee_cents,
    purchase.seller_share_amount AS creator_payout_cents,
    purchase.tax_amount AS tax_cents,
    purchase.purchased_at,
    purchase.refunded_at,
    refund.reason AS refund_reason,
    purchase.refunded_amount AS refund_amount_cents,
    refund.provider_refund_id AS stripe_refund_id,
    purchase.livemode,
    purchase.purchased_at AS created_at,
    greatest(purchase.purchased_at, purchase.refunded_at) AS updated_at
FROM farthing.purchases AS purchase
JOIN farthing.customers AS customer ON customer.id = purchase.customer_id
JOIN farthing.line_items AS line ON line.id = purchase.line_item_id
LEFT JOIN farthing.payments AS payment ON payment.id = purchase.payment_id
LEFT JOIN LATERAL (
    SELECT made.reason, made.provider_refund_id
    FROM farthing.refund_lines AS part JOIN farthing.refunds AS made ON made.id = part.refund_id
    WHERE part.line_item_id = purchase.line_item_id AND made.status IN ('promised', 'pending', 'succeeded')
    ORDER BY made.promised_at DESC, made.id DESC LIMIT 1
) AS refund ON true;
