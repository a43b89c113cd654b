UPDATE refund_requests SET status = 'declined' WHERE status = 'covered';
ALTER TABLE refund_requests
    DROP CONSTRAINT refund_requests_status_check,
    DROP CONSTRAINT refund_requests_closed,
    ADD CONSTRAINT refund_requests_status_check
        CHECK (status IN ('requested', 'approved', 'declined', 'withdrawn', 'refunded')),
    ADD CONSTRAINT refund_requests_check5
        CHECK ((status IN ('declined', 'withdrawn', 'refunded')) = (closed_at IS NOT NULL));
