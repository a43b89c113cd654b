DROP INDEX refunds_status, refunds_requested_by;
DROP TABLE refund_requests;
DROP TABLE refund_lines;
ALTER TABLE refunds DROP COLUMN retry_of, DROP COLUMN pending_reason;
ALTER TABLE line_items
    DROP COLUMN refunding_amount,
    DROP COLUMN refunded_amount,
    DROP COLUMN refunding_quantity,
    DROP COLUMN refunded_quantity;
