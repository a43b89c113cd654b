-- A tax document is about an invoice of a subscription, or about an order.
ALTER TABLE tax_documents
    ALTER COLUMN invoice_id DROP NOT NULL,
    ADD COLUMN order_id uuid REFERENCES orders,
    -- Of a credit note on an order: what it gives back.
    ADD COLUMN refund_id uuid UNIQUE REFERENCES refunds,
    DROP CONSTRAINT tax_documents_check1,
    DROP CONSTRAINT tax_documents_check2,
    ADD CONSTRAINT tax_documents_about_one CHECK (num_nonnulls(invoice_id, order_id) = 1),
    ADD CONSTRAINT tax_documents_corrects_one CHECK ((kind = 'credit_note') = (corrects IS NOT NULL)),
    ADD CONSTRAINT tax_documents_gives_back CHECK (
        CASE WHEN kind = 'invoice' THEN num_nonnulls(invoice_refund_id, refund_id) = 0
            -- One of an invoice without a refund: the invoice was voided.
            WHEN order_id IS NOT NULL THEN refund_id IS NOT NULL AND invoice_refund_id IS NULL
            ELSE refund_id IS NULL END
    );

-- An order is one tax invoice.
CREATE UNIQUE INDEX tax_documents_one_each_order ON tax_documents (order_id) WHERE kind = 'invoice';
CREATE INDEX tax_documents_order ON tax_documents (order_id) WHERE order_id IS NOT NULL;
-- An invoice is voided once.
CREATE UNIQUE INDEX tax_documents_one_void ON tax_documents (corrects)
    WHERE kind = 'credit_note' AND invoice_refund_id IS NULL AND refund_id IS NULL;
