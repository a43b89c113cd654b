DROP INDEX events_seller;
DROP TABLE sellers;
DROP SEQUENCE seller_looks;
