-- Documents of orders and of voided invoices cannot be kept by the older tables: with such rows this fails, and changes nothing.
DROP INDEX tax_documents_one_void, tax_documents_order, tax_documents_one_each_order;
ALTER TABLE tax_documents
    DROP CONSTRAINT tax_documents_gives_back,
    DROP CONSTRAINT tax_documents_corrects_one,
    DROP CONSTRAINT tax_documents_about_one,
    DROP COLUMN refund_id,
    DROP COLUMN order_id,
    ALTER COLUMN invoice_id SET NOT NULL,
    ADD CONSTRAINT tax_documents_check1
        CHECK ((kind = 'credit_note') = (invoice_refund_id IS NOT NULL AND corrects IS NOT NULL)),
    ADD CONSTRAINT tax_documents_check2 CHECK (kind = 'credit_note' OR (invoice_refund_id IS NULL AND corrects IS NULL));
