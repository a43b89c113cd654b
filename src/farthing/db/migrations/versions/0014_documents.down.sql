DROP VIEW farthing_documents.purchases_002;
DROP VIEW farthing_documents.payments_000;
DROP VIEW farthing_documents.orders_000;
DROP VIEW farthing_documents.payment_events_003;
DROP VIEW farthing_documents.stripe_customers_003;
DROP VIEW farthing_documents.payments_003;
DROP SCHEMA farthing_documents;
