DROP TABLE return_lines, returns, cancellation_lines, cancellations;
ALTER TABLE seller_order_lines
    DROP COLUMN called_off,
    DROP COLUMN came_back,
    DROP COLUMN to_return,
    DROP COLUMN returned;
