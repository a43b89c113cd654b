DROP TABLE credit_entries, credit_spends, credit_grants, credit_accounts, fulfillments;
DROP TABLE job_posting_addons, job_posting_lines, job_postings;
DROP INDEX line_items_job;
ALTER TABLE line_items DROP COLUMN addon_to;
