DROP TABLE tax_documents, tax_series, tax_details, invoice_disputes;
