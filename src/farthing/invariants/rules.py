"""The rules: each a sentence, and a query that returns no row while the sentence is true.

Several are held by a constraint as well; here they are proven of the whole database, whoever wrote to it.
"""

from dataclasses import dataclass
from typing import Final, LiteralString


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    sentence: str
    sql: LiteralString


RULES: Final = (
    Rule(
        "ledger-balances",
        "Every ledger transaction balances in each currency.",
        """
        SELECT transaction_id, currency, sum(amount) AS off FROM ledger_entries
        GROUP BY transaction_id, currency HAVING sum(amount) <> 0
        """,
    ),
    Rule(
        "ledger-two-entries",
        "Every ledger transaction has at least two entries.",
        """
        SELECT fact.id FROM ledger_transactions fact LEFT JOIN ledger_entries entry ON entry.transaction_id = fact.id
        GROUP BY fact.id HAVING count(entry.id) < 2
        """,
    ),
    Rule(
        "liabilities-not-negative",
        "Nobody owes us what we owe them: no liability is below zero.",
        """
        SELECT entry.account, entry.currency, sum(entry.amount) AS debit
        FROM ledger_entries entry JOIN ledger_accounts account ON account.name = entry.account
        WHERE account.kind = 'liability' GROUP BY entry.account, entry.currency HAVING sum(entry.amount) > 0
        """,
    ),
    Rule(
        "provider-account",
        "What the books say a provider holds is what it received, less what went back, what it kept and what banks took.",
        """
        WITH own AS (
            SELECT provider, currency, sum(amount) AS amount FROM (
                SELECT provider, received_currency AS currency, received_amount - refunded_amount AS amount
                FROM payments WHERE received_amount IS NOT NULL
                UNION ALL
                SELECT provider, fee_currency, -fee_amount FROM payments WHERE fee_amount IS NOT NULL
                UNION ALL
                SELECT provider, currency, amount - refunded_amount FROM invoice_payments
                UNION ALL
                SELECT provider, fee_currency, -fee_amount FROM invoice_payments WHERE fee_amount IS NOT NULL
                UNION ALL
                SELECT provider, currency, reinstated_amount - withdrawn_amount FROM disputes
                UNION ALL
                SELECT provider, fee_currency, -fee_amount FROM disputes WHERE fee_amount <> 0
                UNION ALL
                SELECT provider, currency, reinstated_amount - withdrawn_amount FROM invoice_disputes
                UNION ALL
                SELECT provider, fee_currency, -fee_amount FROM invoice_disputes WHERE fee_amount <> 0
                UNION ALL
                SELECT provider, currency, reversed_amount - amount FROM transfers WHERE status = 'sent'
            ) part GROUP BY provider, currency
        ), books AS (
            SELECT split_part(account, ':', 2) AS provider, currency, sum(amount) AS amount
            FROM ledger_entries WHERE account LIKE 'provider:%%' GROUP BY 1, 2
        )
        SELECT provider, currency, coalesce(own.amount, 0) AS own, coalesce(books.amount, 0) AS books
        FROM own FULL JOIN books USING (provider, currency) WHERE coalesce(own.amount, 0) <> coalesce(books.amount, 0)
        """,
    ),
    Rule(
        "order-lines",
        "An order's lines add up to its subtotal, its discount and its tax, in its currency.",
        """
        SELECT orders.id FROM orders LEFT JOIN line_items line ON line.order_id = orders.id
        GROUP BY orders.id HAVING bool_or(line.currency <> orders.currency)
            OR coalesce(sum(line.amount), 0) <> orders.subtotal_amount
            OR coalesce(sum(line.discount_amount), 0) <> orders.discount_amount
            OR coalesce(sum(line.tax_amount), 0) <> orders.tax_amount
        """,
    ),
    Rule(
        "coupons-counted",
        "What coupons and promotion codes say was used is what orders and plans use of them.",
        """
        SELECT coupon.key AS code FROM coupons coupon LEFT JOIN redemptions used ON used.coupon_key = coupon.key
        GROUP BY coupon.key HAVING coupon.reserved_count <> count(used.id) FILTER (WHERE used.status = 'reserved')
            OR coupon.redeemed_count <> count(used.id) FILTER (WHERE used.status = 'redeemed')
        UNION ALL
        SELECT code.code FROM promotion_codes code LEFT JOIN redemptions used ON used.code = code.code
        GROUP BY code.code HAVING code.reserved_count <> count(used.id) FILTER (WHERE used.status = 'reserved')
            OR code.redeemed_count <> count(used.id) FILTER (WHERE used.status = 'redeemed')
        """,
    ),
    Rule(
        "coupons-limited",
        "No coupon or promotion code is used more often than it may be.",
        """
        SELECT key FROM coupons WHERE reserved_count + redeemed_count > redemptions_max
        UNION ALL
        SELECT code FROM promotion_codes WHERE reserved_count + redeemed_count > redemptions_max
        """,
    ),
    Rule(
        "coupons-follow-orders",
        "A code is reserved by an open order, redeemed by one that was paid, and free after any other; it is in the discount.",
        """
        SELECT used.id FROM redemptions used JOIN orders ON orders.id = used.order_id
        WHERE used.status <> (CASE WHEN orders.status = 'open' THEN 'reserved'
                WHEN orders.paid_at IS NOT NULL THEN 'redeemed' ELSE 'released' END)
            OR used.discount_amount > orders.discount_amount OR used.currency <> orders.currency
        """,
    ),
    Rule(
        "stock-moved",
        "What lies on a shelf is the sum of all that was carried there and away.",
        """
        SELECT level.sku, level.location FROM stock_levels level
            LEFT JOIN stock_movements moved ON moved.sku = level.sku AND moved.location = level.location
        GROUP BY level.sku, level.location, level.on_hand HAVING level.on_hand <> coalesce(sum(moved.quantity), 0)
        """,
    ),
    Rule(
        "stock-kept",
        "What is kept on a shelf, and promised of what is to come, is what orders have reserved.",
        """
        SELECT level.sku, level.location FROM stock_levels level LEFT JOIN stock_reservations kept
            ON kept.sku = level.sku AND kept.location = level.location AND kept.status = 'reserved'
        GROUP BY level.sku, level.location, level.reserved HAVING level.reserved <> coalesce(sum(kept.quantity), 0)
        UNION ALL
        SELECT item.sku, NULL FROM stock_items item LEFT JOIN stock_reservations kept
            ON kept.sku = item.sku AND kept.location IS NULL AND kept.status <> 'released'
        GROUP BY item.sku, item.backordered HAVING item.backordered <> coalesce(sum(kept.quantity), 0)
        """,
    ),
    Rule(
        "stock-follows-orders",
        "Stock is sold to paid orders only, kept for open ones only, and no line has more of it than it bought.",
        """
        SELECT kept.id::text FROM stock_reservations kept JOIN orders ON orders.id = kept.order_id
        WHERE (kept.status = 'reserved' AND orders.status <> 'open') OR (kept.status = 'committed' AND orders.paid_at IS NULL)
        UNION ALL
        SELECT line.id::text FROM line_items line JOIN stock_reservations kept
            ON kept.line_item_id = line.id AND kept.status <> 'released'
        GROUP BY line.id, line.quantity HAVING sum(kept.quantity - kept.restocked) > line.quantity
        """,
    ),
    Rule(
        "stock-sold-once",
        "What an order has bought left the shelf exactly once, and no more came back than left.",
        """
        SELECT kept.id FROM stock_reservations kept LEFT JOIN stock_movements moved ON moved.reservation_id = kept.id
        WHERE kept.location IS NOT NULL AND kept.status <> 'released'
        GROUP BY kept.id, kept.status, kept.quantity, kept.restocked
        HAVING coalesce(sum(-moved.quantity) FILTER (WHERE moved.kind = 'sold'), 0)
                <> (CASE WHEN kept.status = 'committed' THEN kept.quantity ELSE 0 END)
            OR coalesce(sum(moved.quantity) FILTER (WHERE moved.kind = 'returned'), 0) <> kept.restocked
        """,
    ),
    Rule(
        "coupons-follow-plans",
        "A plan's code is reserved until its start or its change is decided, and free where nothing came of it.",
        """
        SELECT used.id FROM redemptions used
        JOIN subscription_starts start ON start.id = used.start_id LEFT JOIN subscriptions begun ON begun.start_id = start.id
        WHERE (used.status = 'reserved')
                <> (start.status IN ('starting', 'open') OR coalesce(begun.status = 'incomplete', false))
            OR (start.status IN ('expired', 'failed') AND used.status <> 'released')
            OR used.discount_amount > start.unit_amount * start.quantity OR used.currency <> start.currency
        UNION ALL
        SELECT used.id FROM redemptions used JOIN subscription_changes change ON change.id = used.change_id
        WHERE used.status <> (CASE WHEN change.status IN ('asked', 'waiting') THEN 'reserved'
                WHEN change.status = 'done' THEN 'redeemed' ELSE 'released' END)
        """,
    ),
    Rule(
        "paid-once",
        "A paid or refunded order has exactly one payment that settles it, unless it costs nothing; any other has none.",
        """
        SELECT orders.id, orders.status, count(payment.id) AS settling
        FROM orders LEFT JOIN payments payment ON payment.order_id = orders.id AND payment.settles
        GROUP BY orders.id, orders.status
        HAVING count(payment.id)
            <> (CASE WHEN orders.status IN ('paid', 'refunded') AND orders.total_amount > 0 THEN 1 ELSE 0 END)
        """,
    ),
    Rule(
        "free-asks-nobody",
        "Nothing is collected for an order that costs nothing, and it is paid from the start.",
        """
        SELECT orders.id FROM orders WHERE total_amount = 0
            AND (status IN ('open', 'expired', 'canceled') OR EXISTS (SELECT 1 FROM payments WHERE order_id = orders.id))
        """,
    ),
    Rule(
        "one-way-to-pay",
        "There is at most one live way to pay an order, and none for an order that is paid or closed.",
        """
        SELECT orders.id, orders.status, count(*) AS live FROM orders JOIN payments ON payments.order_id = orders.id
            AND payments.live
        GROUP BY orders.id, orders.status HAVING count(*) > 1 OR orders.status <> 'open'
        """,
    ),
    Rule(
        "captured-is-the-price",
        "What was authorized and not captured is off the price of its order.",
        """
        SELECT orders.id FROM orders LEFT JOIN payments payment ON payment.order_id = orders.id AND payment.settles
        WHERE orders.uncaptured_amount <> coalesce(payment.amount - payment.received_amount, 0)
        """,
    ),
    Rule(
        "kept-is-decided",
        "No authorization outlives its time by more than a day without an end.",
        """
        SELECT id FROM payments WHERE status = 'authorized' AND capture_before < %(now)s - interval '1 day'
        """,
    ),
    Rule(
        "charges-answered",
        "A saved method was charged for its owner alone; what is said to be paid brought money, and none waits for over a day.",
        """
        SELECT charge.payment_id FROM off_session_charges charge JOIN payments payment ON payment.id = charge.payment_id
            JOIN orders ON orders.id = charge.order_id JOIN payment_methods method ON method.id = charge.method_id
        WHERE payment.order_id <> charge.order_id OR charge.customer_id <> orders.customer_id
            OR charge.customer_id <> method.customer_id OR (charge.status = 'paid' AND payment.received_amount IS NULL)
            OR (charge.status = 'asking' AND charge.asked_at < %(now)s - interval '25 hours')
        """,
    ),
    Rule(
        "paid-in-full",
        "The payment that settles an order is the order's total, in its currency.",
        """
        SELECT payment.id FROM payments payment JOIN orders ON orders.id = payment.order_id
        WHERE payment.settles
            AND (payment.received_amount <> orders.total_amount OR payment.received_currency <> orders.currency)
        """,
    ),
    Rule(
        "refunds-counted",
        "What a payment says went back, or is on its way, is the sum of its refunds.",
        """
        SELECT payment.id FROM payments payment LEFT JOIN refunds refund ON refund.payment_id = payment.id
        GROUP BY payment.id, payment.refunded_amount, payment.refunding_amount
        HAVING coalesce(sum(refund.amount) FILTER (WHERE refund.status = 'succeeded'), 0) <> payment.refunded_amount
            OR coalesce(sum(refund.amount) FILTER (WHERE refund.status IN ('promised', 'pending')), 0)
                <> payment.refunding_amount
        """,
    ),
    Rule(
        "refunds-not-more",
        "Refunds never exceed what was received.",
        """
        SELECT payment.id FROM payments payment JOIN refunds refund ON refund.payment_id = payment.id
            AND refund.status IN ('promised', 'pending', 'succeeded')
        GROUP BY payment.id, payment.received_amount HAVING sum(refund.amount) > coalesce(payment.received_amount, 0)
        """,
    ),
    Rule(
        "refund-lines",
        "A refund of what was paid for an order says of which lines, to the last unit; one of surplus names none.",
        """
        SELECT refund.id FROM refunds refund JOIN payments payment ON payment.id = refund.payment_id
            LEFT JOIN refund_lines part ON part.refund_id = refund.id
            LEFT JOIN line_items line ON line.id = part.line_item_id
        GROUP BY refund.id, payment.settles
        HAVING coalesce(sum(part.amount), 0) <> (CASE WHEN payment.settles THEN refund.amount ELSE 0 END)
            OR bool_or(line.order_id <> refund.order_id)
        """,
    ),
    Rule(
        "line-refunds-counted",
        "What a line says went back, or is on its way, is the sum of its refunds, and no more than was bought.",
        """
        SELECT line.id FROM line_items line LEFT JOIN (
            SELECT part.line_item_id, part.amount, part.quantity, part.tax_amount, part.discount_amount,
                part.platform_fee_amount, part.organization_fee_amount, part.seller_share_amount, refund.status
            FROM refund_lines part JOIN refunds refund ON refund.id = part.refund_id
                AND refund.status IN ('promised', 'pending', 'succeeded')
        ) part ON part.line_item_id = line.id
        GROUP BY line.id
        HAVING coalesce(sum(part.amount) FILTER (WHERE part.status = 'succeeded'), 0) <> line.refunded_amount
            OR coalesce(sum(part.amount) FILTER (WHERE part.status <> 'succeeded'), 0) <> line.refunding_amount
            OR coalesce(sum(part.quantity) FILTER (WHERE part.status = 'succeeded'), 0) <> line.refunded_quantity
            OR coalesce(sum(part.quantity) FILTER (WHERE part.status <> 'succeeded'), 0) <> line.refunding_quantity
            OR line.refunding_amount + line.refunded_amount > line.amount - line.discount_amount + line.tax_amount
            OR line.refunding_quantity + line.refunded_quantity > line.quantity
            OR coalesce(sum(part.tax_amount), 0) > line.tax_amount
            OR coalesce(sum(part.discount_amount), 0) > line.discount_amount
            -- Where all of it went back, so did all of its parts.
            OR (line.amount - line.discount_amount + line.tax_amount > 0
                AND line.refunding_amount + line.refunded_amount = line.amount - line.discount_amount + line.tax_amount
                AND (coalesce(sum(part.tax_amount), 0) <> line.tax_amount
                    OR coalesce(sum(part.discount_amount), 0) <> line.discount_amount))
        """,
    ),
    Rule(
        "requests-answered",
        "A granted request has a refund of its sum with every word that it takes; a fulfilled one is with the buyer.",
        """
        SELECT request.id FROM refund_requests request LEFT JOIN refunds refund ON refund.id = request.refund_id
        WHERE request.status IN ('approved', 'refunded') AND (refund.id IS NULL OR refund.order_id <> request.order_id
            OR refund.amount <> request.amount OR refund.currency <> request.currency
            OR request.first_approver IS NULL OR (request.needs_second AND request.second_approver IS NULL)
            OR request.first_approver = request.second_approver
            OR (request.status = 'refunded') <> (refund.status = 'succeeded'))
        """,
    ),
    Rule(
        "refunded-whole",
        "An order is refunded when, and only when, all of its payment is back.",
        """
        SELECT orders.id FROM orders JOIN payments payment ON payment.order_id = orders.id AND payment.settles
        WHERE (orders.status = 'refunded') <> (payment.refunded_amount = payment.received_amount)
        """,
    ),
    Rule(
        "posted",
        "Every payment that was received is in the books.",
        """
        SELECT payment.id FROM payments payment WHERE payment.received_amount IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM ledger_transactions fact JOIN ledger_entries entry ON entry.transaction_id = fact.id
            WHERE fact.kind = 'payment' AND fact.order_id = payment.order_id
                AND entry.account = 'provider:' || payment.provider AND entry.amount = payment.received_amount
        )
        """,
    ),
    Rule(
        "surplus-goes-back",
        "Surplus money has a refund promised, sent, or failed for a person to see.",
        """
        SELECT payment.id FROM payments payment WHERE payment.status = 'surplus'
            AND NOT EXISTS (SELECT 1 FROM refunds WHERE refunds.payment_id = payment.id)
        """,
    ),
    Rule(
        "granted",
        "A paid order has granted every feature of its lines but those that went back whole; an unpaid or disputed one none.",
        """
        SELECT orders.id, line.id AS line, wanted.feature FROM orders JOIN line_items line ON line.order_id = orders.id
            CROSS JOIN unnest(line.features) AS wanted (feature)
            LEFT JOIN entitlements held ON held.line_item_id = line.id AND held.feature = wanted.feature
                AND held.revoked_at IS NULL
        WHERE (orders.status = 'paid' AND orders.access_held_at IS NULL AND line.kind = 'access'
            AND NOT (line.refunded_amount > 0 AND line.refunded_amount = line.amount - line.discount_amount + line.tax_amount)
        ) <> (held.id IS NOT NULL)
        """,
    ),
    Rule(
        "addons-accompany",
        "An add-on accompanies something of the same customer, and no add-on of its own.",
        """
        SELECT addon.id FROM line_items addon JOIN orders ON orders.id = addon.order_id
            JOIN line_items base ON base.id = addon.addon_to JOIN orders base_order ON base_order.id = base.order_id
        WHERE base_order.customer_id <> orders.customer_id OR base.addon_to IS NOT NULL
        """,
    ),
    Rule(
        "jobs-paid",
        "A job is on the board, or waits for it, only with a line that is paid, and each paid line is bought for a job.",
        """
        SELECT posting.id::text AS subject FROM job_postings posting
        WHERE posting.status IN ('published', 'pending_approval') AND NOT EXISTS (
            SELECT FROM job_posting_lines line JOIN orders ON orders.id = line.order_id
            WHERE line.job_posting_id = posting.id AND line.revoked_at IS NULL AND orders.status = 'paid'
        )
        UNION ALL
        SELECT line.id::text FROM line_items line JOIN orders ON orders.id = line.order_id
        WHERE line.kind = 'job_posting' AND line.details ? 'job' AND orders.status = 'paid'
            AND NOT EXISTS (SELECT FROM job_posting_lines bought WHERE bought.line_item_id = line.id)
            AND NOT EXISTS (SELECT FROM events WHERE events.order_id = orders.id AND events.type = 'job.refused')
        """,
    ),
    Rule(
        "jobs-expire",
        "No job is on the board for an hour longer than its time.",
        """
        SELECT id FROM job_postings WHERE status = 'published' AND expires_at < %(now)s - interval '1 hour'
        """,
    ),
    Rule(
        "services-opened",
        "Each paid service is on the list of what is to be done, and a refunded one is not.",
        """
        SELECT line.id FROM line_items line JOIN orders ON orders.id = line.order_id
            LEFT JOIN fulfillments work ON work.line_item_id = line.id
        WHERE line.kind = 'service' AND line.details ? 'units' AND NOT line.details ? 'own_kind' AND (
            (orders.status = 'paid' AND work.id IS NULL)
            OR (orders.status <> 'paid' AND work.status IN ('pending', 'in_progress'))
        )
        """,
    ),
    Rule(
        "credits-add-up",
        "What is left of each grant is what its entries say, and a balance is what is left of all of its grants.",
        """
        SELECT id::text AS subject, remaining AS own, books FROM (
            SELECT id, remaining, (
                SELECT coalesce(sum(CASE WHEN target = 'customer' THEN amount ELSE -amount END), 0)
                FROM credit_entries WHERE grant_id = credit_grants.id
            ) AS books FROM credit_grants
        ) grants WHERE remaining <> books
        UNION ALL
        SELECT account.customer_id::text, account.balance, coalesce(sum(credit_grants.remaining), 0)
        FROM credit_accounts account LEFT JOIN credit_grants ON credit_grants.customer_id = account.customer_id
        GROUP BY account.customer_id, account.balance HAVING account.balance <> coalesce(sum(credit_grants.remaining), 0)
        """,
    ),
    Rule(
        "credits-not-negative",
        "Nobody has less than no credits.",
        """
        SELECT customer_id, sum(CASE WHEN target = 'customer' THEN amount ELSE -amount END) AS balance
        FROM credit_entries GROUP BY customer_id HAVING sum(CASE WHEN target = 'customer' THEN amount ELSE -amount END) < 0
        """,
    ),
    Rule(
        "credits-spent",
        "A spend took what it says, and gave it back when, and only when, it was released.",
        """
        SELECT spend.id FROM credit_spends spend LEFT JOIN credit_entries entry ON entry.spend_id = spend.id
        GROUP BY spend.id, spend.amount, spend.status
        HAVING coalesce(sum(entry.amount) FILTER (WHERE entry.target = 'spent'), 0) <> spend.amount
            OR coalesce(sum(entry.amount) FILTER (WHERE entry.source = 'spent'), 0)
                <> (CASE WHEN spend.status = 'released' THEN spend.amount ELSE 0 END)
        """,
    ),
    Rule(
        "credits-granted",
        "Each paid pack of credits was granted once.",
        """
        SELECT line.id FROM line_items line JOIN orders ON orders.id = line.order_id
            LEFT JOIN credit_grants given ON given.line_item_id = line.id
        WHERE line.kind = 'credits' AND line.details ? 'amount' AND NOT line.details ? 'own_kind'
            AND orders.status = 'paid' AND given.id IS NULL
        """,
    ),
    Rule(
        "owned",
        "Each content of a paid order is owned by its buyer or was, and no other content is.",
        """
        SELECT orders.id, line.id AS line FROM orders JOIN line_items line ON line.order_id = orders.id
        WHERE line.kind = 'content' AND NOT line.details ? 'own_kind'
            AND (orders.status IN ('paid', 'refunded')) <> EXISTS (SELECT 1 FROM purchases WHERE line_item_id = line.id)
            AND NOT EXISTS (
                SELECT 1 FROM purchases other WHERE other.customer_id = orders.customer_id AND other.line_item_id <> line.id
                    AND other.content = line.details ->> 'reference'
            )
        """,
    ),
    Rule(
        "owned-paid",
        "Nobody owns a content whose whole order is refunded.",
        """
        SELECT purchase.id FROM purchases purchase JOIN orders ON orders.id = purchase.order_id
        WHERE purchase.status = 'completed' AND orders.status <> 'paid'
        """,
    ),
    Rule(
        "shares-whole",
        "The shares of a purchase are its whole price, and those of what went back are what went back.",
        """
        SELECT purchase.id FROM purchases purchase
            LEFT JOIN purchase_reversals part ON part.purchase_id = purchase.id AND part.withdrawn_at IS NULL
        GROUP BY purchase.id
        HAVING purchase.amount
                <> purchase.platform_fee_amount + purchase.organization_fee_amount + purchase.seller_share_amount
            OR purchase.refunded_amount <> coalesce(sum(part.amount), 0)
            OR purchase.refunded_seller_share_amount <> coalesce(sum(part.seller_share_amount), 0)
            OR purchase.refunded_platform_fee_amount <> coalesce(sum(part.platform_fee_amount), 0)
        """,
    ),
    Rule(
        "shares-owed",
        "What the books owe to those who share in sales is their shares, less what went back of them.",
        """
        WITH own AS (
            SELECT account, currency, sum(amount) AS amount FROM (
                SELECT 'seller:' || seller || ':pending' AS account, currency,
                    seller_share_amount - refunded_seller_share_amount AS amount
                FROM purchases WHERE seller IS NOT NULL
                UNION ALL
                SELECT 'organization:' || organization || ':pending', currency,
                    organization_fee_amount - refunded_organization_fee_amount
                FROM purchases WHERE organization IS NOT NULL AND seller IS NOT NULL
                UNION ALL
                SELECT 'seller:' || seller || ':pending', currency,
                    greatest(seller_share_amount - refunded_seller_share_amount - transferred_amount, 0)
                FROM earnings
                UNION ALL
                SELECT 'organization:' || seller || ':pending', currency,
                    organization_fee_amount - refunded_organization_fee_amount
                FROM earnings WHERE organization_fee_amount > 0
            ) part GROUP BY account, currency
        ), books AS (
            SELECT account, currency, -sum(amount) AS amount FROM ledger_entries
            WHERE account LIKE 'seller:%%:pending' OR account LIKE 'organization:%%:pending' GROUP BY 1, 2
        )
        SELECT account, currency, coalesce(own.amount, 0) AS own, coalesce(books.amount, 0) AS books
        FROM own FULL JOIN books USING (account, currency) WHERE coalesce(own.amount, 0) <> coalesce(books.amount, 0)
        """,
    ),
    Rule(
        "transfers-counted",
        "What sellers were transferred of their sales is what transfers brought them, less what was taken back.",
        """
        WITH own AS (
            SELECT seller_id, currency, sum(transferred_amount) AS amount FROM earnings GROUP BY 1, 2
        ), sent AS (
            SELECT seller_id, currency, sum(amount) AS amount FROM (
                SELECT seller_id, currency, amount - reversed_amount AS amount FROM transfers WHERE status <> 'refused'
                UNION ALL
                SELECT seller_id, currency, kept_amount FROM seller_fees
            ) part GROUP BY 1, 2
        )
        SELECT seller_id, currency, coalesce(own.amount, 0) AS own, coalesce(sent.amount, 0) AS sent
        FROM own FULL JOIN sent USING (seller_id, currency) WHERE coalesce(own.amount, 0) <> coalesce(sent.amount, 0)
        """,
    ),
    Rule(
        "losses-borne",
        "What a bank took for good, those who shared in the sale lost with the shop; and only then.",
        """
        WITH lost AS (
            SELECT dispute.order_id, sum(dispute.lost_amount) AS amount
            FROM disputes dispute JOIN payments payment ON payment.id = dispute.payment_id AND payment.settles
            GROUP BY dispute.order_id
        ), borne AS (
            SELECT earning.order_id, sum(reversal.amount) AS amount
            FROM earning_reversals reversal JOIN earnings earning ON earning.id = reversal.earning_id
            WHERE reversal.withdrawn_at IS NULL AND reversal.reference LIKE 'dispute!_%%' ESCAPE '!' GROUP BY earning.order_id
        ), kept AS (
            SELECT order_id, sum(amount - refunded_amount) AS amount FROM earnings GROUP BY order_id
        )
        SELECT order_id FROM kept LEFT JOIN lost USING (order_id) LEFT JOIN borne USING (order_id)
        WHERE coalesce(borne.amount, 0) > coalesce(lost.amount, 0)
            -- Where a refund failed after all, the shop bears what was nobody's to lose at the time.
            OR (coalesce(lost.amount, 0) > 0 AND borne.amount IS NULL AND kept.amount > 0
                AND NOT EXISTS (SELECT 1 FROM refunds WHERE refunds.order_id = kept.order_id AND status = 'failed'))
        """,
    ),
    Rule(
        "transfer-lines",
        "A transfer is what its lines come to: what was sold, less what others had of it, what went back and what was owed.",
        """
        SELECT transfer.id FROM transfers transfer JOIN transfer_lines line ON line.transfer_id = transfer.id
        GROUP BY transfer.id HAVING sum(line.amount) <> transfer.amount
            OR coalesce(-sum(line.amount) FILTER (WHERE line.kind IN ('debt', 'dispute_fee')), 0) <> transfer.netted_amount
        """,
    ),
    Rule(
        "transfers-not-early",
        "Nothing goes to a seller before its time, or of an order that was not delivered.",
        """
        SELECT transfer.id FROM transfers transfer JOIN seller_orders part ON part.id = transfer.seller_order_id
        WHERE transfer.status <> 'refused' AND NOT part.early
            AND (part.status <> 'completed' OR transfer.requested_at < part.release_at)
        """,
    ),
    Rule(
        "payouts-not-early",
        "Of what waits on sellers' accounts, nothing that we asked for went to a bank before its time.",
        """
        WITH unripe AS (
            SELECT part.id FROM seller_orders part
            WHERE part.early AND part.released_at IS NOT NULL AND (part.release_at IS NULL OR part.release_at > %(now)s)
        ), moved AS (
            SELECT seller_id, currency, amount - reversed_amount AS amount FROM transfers WHERE status = 'sent'
            UNION ALL
            SELECT seller_id, currency, -amount FROM payouts WHERE status IN ('requested', 'pending', 'in_transit', 'paid')
            UNION ALL
            SELECT earning.seller_id, earning.currency, -earning.transferred_amount
            FROM unripe JOIN seller_order_lines line ON line.seller_order_id = unripe.id
                JOIN earnings earning ON earning.line_item_id = line.line_item_id
                JOIN transfers transfer ON transfer.seller_order_id = unripe.id AND transfer.status = 'sent'
            UNION ALL
            SELECT transfer.seller_id, transfer.currency, transfer.netted_amount
            FROM unripe JOIN transfers transfer ON transfer.seller_order_id = unripe.id AND transfer.status = 'sent'
        )
        SELECT seller_id, currency, sum(amount) AS amount FROM moved GROUP BY 1, 2
        HAVING sum(amount) < 0 AND seller_id IN (SELECT seller_id FROM seller_orders WHERE early)
        """,
    ),
    Rule(
        "debts-in-books",
        "What sellers have of sales that went back is what the books say they owe; what is on its way is what transfers say.",
        """
        WITH own AS (
            SELECT 'seller:' || seller || ':owed' AS account, currency,
                greatest(transferred_amount - (seller_share_amount - refunded_seller_share_amount), 0) AS amount
            FROM earnings
            UNION ALL
            SELECT 'seller:' || seller.external_id || ':owed', fee.currency, fee.amount - fee.kept_amount
            FROM seller_fees fee JOIN sellers seller ON seller.id = fee.seller_id
            UNION ALL
            SELECT 'transfers:owed', currency, -amount FROM transfers WHERE status = 'requested'
        ), summed AS (
            SELECT account, currency, sum(amount) AS amount FROM own GROUP BY 1, 2
        ), books AS (
            SELECT account, currency, sum(amount) AS amount FROM ledger_entries
            WHERE account LIKE 'seller:%%:owed' OR account = 'transfers:owed' GROUP BY 1, 2
        )
        SELECT account, currency, coalesce(summed.amount, 0) AS own, coalesce(books.amount, 0) AS books
        FROM summed FULL JOIN books USING (account, currency) WHERE coalesce(summed.amount, 0) <> coalesce(books.amount, 0)
        """,
    ),
    Rule(
        "sellers-shipped",
        "A parcel holds what its lines say was sent; what arrived was in a parcel that arrived.",
        """
        SELECT line.line_item_id FROM seller_order_lines line
            LEFT JOIN shipment_lines part ON part.line_item_id = line.line_item_id
            LEFT JOIN shipments parcel ON parcel.id = part.shipment_id
        GROUP BY line.line_item_id HAVING line.shipped <> coalesce(sum(part.quantity)
                FILTER (WHERE parcel.status <> 'canceled'
                    AND coalesce(parcel.settled_how, '') NOT IN ('resend', 'write_off')), 0)
            OR line.delivered <> coalesce(sum(part.quantity) FILTER (WHERE parcel.status = 'delivered'), 0)
        """,
    ),
    Rule(
        "cancellations-counted",
        "What is canceled by somebody's word is what cancellations say, each of an order that was paid.",
        """
        SELECT line.line_item_id AS id FROM seller_order_lines line
            LEFT JOIN cancellation_lines part ON part.line_item_id = line.line_item_id
        GROUP BY line.line_item_id HAVING line.called_off <> coalesce(sum(part.quantity), 0)
        UNION ALL
        SELECT made.id FROM cancellations made JOIN seller_orders part ON part.id = made.seller_order_id
            LEFT JOIN refunds refund ON refund.id = made.refund_id
        WHERE part.order_id <> made.order_id OR refund.order_id <> made.order_id
        """,
    ),
    Rule(
        "returns-counted",
        "What is on its way back, and what came back, is what returns say.",
        """
        SELECT line.line_item_id FROM seller_order_lines line
            LEFT JOIN return_lines part ON part.line_item_id = line.line_item_id
            LEFT JOIN returns back ON back.id = part.return_id
        GROUP BY line.line_item_id HAVING line.to_return <> coalesce(sum(part.quantity)
                FILTER (WHERE back.shipment_id IS NULL AND back.status IN ('requested', 'approved', 'in_transit')), 0)
            OR line.returned <> coalesce(sum(part.restocked + part.written_off) FILTER (WHERE back.shipment_id IS NULL), 0)
            OR line.came_back <> coalesce(sum(part.quantity) FILTER (WHERE back.shipment_id IS NOT NULL), 0)
        """,
    ),
    Rule(
        "returns-on-the-shelf",
        "What a return put on the shelf and what it wrote off are movements of the stock, as far as it is counted.",
        """
        SELECT part.return_id, part.line_item_id FROM return_lines part JOIN returns back ON back.id = part.return_id
            JOIN line_items item ON item.id = part.line_item_id
            LEFT JOIN (stock_reservations kept JOIN stock_movements moved
                ON moved.reservation_id = kept.id AND moved.kind = 'returned') ON kept.line_item_id = item.id
                AND moved.reason = 'return ' || back.number
        WHERE (item.details ->> 'counted')::boolean
        GROUP BY part.return_id, part.line_item_id, part.restocked, part.written_off
        HAVING part.restocked + part.written_off <> coalesce(sum(moved.quantity), 0)
        """,
    ),
    Rule(
        "exchanged-once",
        "What pays for an exchange is set aside while that may be paid, and no money of it goes back but at the provider.",
        """
        SELECT line.id FROM line_items line LEFT JOIN (return_lines part JOIN returns back ON back.id = part.return_id)
            ON part.line_item_id = line.id
        GROUP BY line.id
        HAVING bool_or(part.exchanged_amount + part.exchanged_quantity > 0
                AND (back.status <> 'received' OR back.exchange_order_id IS NULL))
            OR coalesce(sum(part.exchanged_amount), 0) <> line.exchanged_amount
            OR coalesce(sum(part.exchanged_quantity), 0) <> line.exchanged_quantity
            OR (line.exchanged_amount > 0
                AND line.exchanged_amount + line.refunding_amount + line.refunded_amount
                    > line.amount - line.discount_amount + line.tax_amount
                AND NOT EXISTS (SELECT 1 FROM refunds WHERE refunds.order_id = line.order_id AND refunds.reason = 'provider'))
        """,
    ),
    Rule(
        "exchanges-credited",
        "What came back pays for another order of the same buyer, by what was taken off that.",
        """
        SELECT back.id FROM returns back JOIN orders old ON old.id = back.order_id
            JOIN orders new ON new.id = back.exchange_order_id
        WHERE new.discount_amount < back.credit_amount OR new.currency <> old.currency OR new.customer_id <> old.customer_id
            OR (back.status IN ('closed', 'refunded') AND new.paid_at IS NULL)
        """,
    ),
    Rule(
        "returns-paid-back-once",
        "A return has a refund of its own order, or none; and nobody is paid back for what never came, but at the approval.",
        """
        SELECT back.id FROM returns back JOIN refunds refund ON refund.id = back.refund_id
        WHERE refund.order_id <> back.order_id OR (back.refund_at = 'receipt' AND back.received_at IS NULL)
        """,
    ),
    Rule(
        "files-granted",
        "A paid order has granted every file of its downloads, and none more often than was sold.",
        """
        SELECT line.id FROM orders JOIN line_items line ON line.order_id = orders.id AND line.kind = 'download'
                AND NOT line.details ? 'own_kind'
            LEFT JOIN downloads ON downloads.line_item_id = line.id
        GROUP BY orders.id, line.id
        HAVING count(downloads.id)
                <> (CASE WHEN orders.status IN ('paid', 'refunded') THEN jsonb_array_length(line.details -> 'files') ELSE 0 END)
            OR bool_or(downloads.downloaded_count > downloads.downloads_max)
        """,
    ),
    Rule(
        "paid-recorded",
        "The audit trail says once of each paid order that it was paid.",
        """
        SELECT orders.id, count(event.id) AS times FROM orders
            LEFT JOIN events event ON event.order_id = orders.id AND event.type = 'order.paid'
        GROUP BY orders.id, orders.status
        HAVING count(event.id) <> (CASE WHEN orders.status IN ('paid', 'refunded') THEN 1 ELSE 0 END)
        """,
    ),
    Rule(
        "one-live-page",
        "No order that is closed has a payment page open, half an hour after its time.",
        """
        SELECT checkout.id FROM checkouts checkout JOIN orders ON orders.id = checkout.order_id
        WHERE checkout.status IN ('starting', 'open') AND checkout.expires_at < %(now)s - interval '30 minutes'
        """,
    ),
    Rule(
        "disputes-counted",
        "What a payment says banks withhold is what its disputes took, less what they returned.",
        """
        SELECT payment.id FROM payments payment LEFT JOIN disputes dispute ON dispute.payment_id = payment.id
        GROUP BY payment.id, payment.withheld_amount
        HAVING coalesce(sum(dispute.withdrawn_amount - dispute.reinstated_amount), 0) <> payment.withheld_amount
        """,
    ),
    Rule(
        "disputes-in-books",
        "The books hold as disputed what banks took and nobody has lost yet.",
        """
        WITH own AS (
            SELECT currency, sum(amount) AS amount FROM (
                SELECT currency, withdrawn_amount - reinstated_amount - lost_amount AS amount FROM disputes
                UNION ALL
                SELECT currency, withdrawn_amount - reinstated_amount - lost_amount FROM invoice_disputes
            ) part GROUP BY currency
        ), books AS (
            SELECT currency, sum(amount) AS amount FROM ledger_entries WHERE account = 'disputed' GROUP BY currency
        )
        SELECT currency, coalesce(own.amount, 0) AS own, coalesce(books.amount, 0) AS books
        FROM own FULL JOIN books USING (currency) WHERE coalesce(own.amount, 0) <> coalesce(books.amount, 0)
        """,
    ),
    Rule(
        "tax-numbers-without-a-gap",
        "The numbers of each series of tax documents are 1, 2, 3 … up to the last that was drawn.",
        """
        SELECT series.entity, series.series, series.year, series.livemode FROM tax_series series
            LEFT JOIN tax_documents document USING (entity, series, year, livemode)
        GROUP BY series.entity, series.series, series.year, series.livemode
        HAVING count(document.id) <> series.last_number OR coalesce(max(document.number), 0) <> series.last_number
        """,
    ),
    Rule(
        "tax-documents-agree",
        "A tax invoice is its invoice's or order's total; credit notes are all that went back of it, and never more than it.",
        """
        WITH back AS (
            SELECT invoice_id, NULL::uuid AS order_id, sum(refunded_amount) AS amount FROM invoice_payments GROUP BY invoice_id
            UNION ALL
            SELECT NULL, order_id, sum(refunded_amount) FROM payments WHERE settles GROUP BY order_id
        ), noted AS (
            SELECT corrects, sum(total_amount) AS amount FROM tax_documents WHERE kind = 'credit_note' GROUP BY corrects
        )
        SELECT document.name FROM tax_documents document
            LEFT JOIN invoices invoice ON invoice.id = document.invoice_id
            LEFT JOIN orders ON orders.id = document.order_id
            LEFT JOIN back ON back.invoice_id = document.invoice_id OR back.order_id = document.order_id
            LEFT JOIN noted ON noted.corrects = document.id
        WHERE document.kind = 'invoice' AND (
            document.currency <> coalesce(invoice.currency, orders.currency)
            OR document.total_amount <> coalesce(invoice.total_amount, orders.total_amount)
            OR coalesce(noted.amount, 0) NOT BETWEEN coalesce(back.amount, 0) AND document.total_amount
            OR (invoice.status = 'void' AND coalesce(noted.amount, 0) <> document.total_amount)
        )
        """,
    ),
    Rule(
        "disputes-not-more",
        "Refunds and disputes of one payment never exceed it, unless somebody was told that it was paid back twice.",
        """
        SELECT payment.id FROM payments payment WHERE payment.withheld_amount > payment.disputed_amount
            AND payment.refunding_amount = 0 AND NOT EXISTS (
                SELECT 1 FROM disputes WHERE disputes.payment_id = payment.id AND disputes.paid_twice_told_at IS NOT NULL
            ) AND NOT EXISTS (
                SELECT 1 FROM disputes WHERE disputes.payment_id = payment.id
                    AND disputes.looked_at > %(now)s - interval '2 hours'
            )
        """,
    ),
    Rule(
        "disputes-hold-access",
        "An order's access is held while, and only while, a dispute of it says so.",
        """
        SELECT orders.id FROM orders LEFT JOIN disputes dispute ON dispute.order_id = orders.id
        GROUP BY orders.id, orders.access_held_at
        HAVING coalesce(bool_or(dispute.access <> 'kept'), false) <> (orders.access_held_at IS NOT NULL)
        """,
    ),
    Rule(
        "disputes-told",
        "The audit trail says once of each dispute that it was opened.",
        """
        SELECT dispute.id FROM disputes dispute WHERE 1 <> (
            SELECT count(*) FROM events WHERE events.order_id = dispute.order_id AND events.type = 'dispute.opened'
                AND events.data ->> 'provider_dispute' = dispute.provider_dispute_id
        )
        """,
    ),
    Rule(
        "disputes-reminded",
        "No dispute is within a day of its deadline, unanswered, without a reminder.",
        """
        SELECT id, evidence_due_by FROM disputes
        WHERE status IN ('warning_needs_response', 'needs_response', 'appeal_needs_response')
            AND reminded_days IS DISTINCT FROM 1 AND evidence_due_by BETWEEN %(now)s AND %(now)s + interval '22 hours'
            AND looked_at < %(now)s - interval '2 hours'
        """,
    ),
    Rule(
        "dispute-answers-move",
        "No promised answer to a bank waits for more than a day.",
        """
        SELECT id, dispute_id FROM dispute_answers WHERE status = 'promised' AND promised_at < %(now)s - interval '1 day'
        """,
    ),
    Rule(
        "inbox-moves",
        "No event of a provider waits for more than two hours without a person knowing.",
        """
        SELECT id, type, reason FROM provider_events
        WHERE status = 'received' AND received_at < %(now)s - interval '2 hours'
        """,
    ),
    Rule(
        "refunds-move",
        "No promised refund waits for more than a day.",
        """
        SELECT id FROM refunds WHERE status = 'promised' AND promised_at < %(now)s - interval '1 day'
        """,
    ),
    Rule(
        "differences-decided",
        "No difference from the provider stays open for more than a week: it is healed, gone, or accepted by somebody.",
        """
        SELECT id, kind, subject, field FROM discrepancies
        WHERE status = 'open' AND first_seen_at < %(now)s - interval '7 days'
        """,
    ),
)
