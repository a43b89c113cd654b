DROP INDEX events_seller, provider_events_account;
DROP TABLE sellers;
DROP SEQUENCE seller_looks;
