-- What a buyer asked for may be given back at the provider before anybody answers: then there is nothing left to answer.
ALTER TABLE refund_requests
    DROP CONSTRAINT refund_requests_status_check,
    DROP CONSTRAINT refund_requests_check5,
    ADD CONSTRAINT refund_requests_status_check
        CHECK (status IN ('requested', 'approved', 'declined', 'withdrawn', 'refunded', 'covered')),
    ADD CONSTRAINT refund_requests_closed
        CHECK ((status IN ('declined', 'withdrawn', 'refunded', 'covered')) = (closed_at IS NOT NULL));
