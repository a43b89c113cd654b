DROP TABLE transfer_lines;
DROP INDEX transfer_reversals_provider;
DROP TABLE payouts;
