ALTER TABLE transfer_lines DROP CONSTRAINT transfer_lines_kind_check;
ALTER TABLE transfer_lines ADD CONSTRAINT transfer_lines_kind_check CHECK (kind IN
    ('sale', 'platform_fee', 'organization_fee', 'refund', 'dispute', 'sent_before', 'debt'));
DROP TABLE seller_fees;
