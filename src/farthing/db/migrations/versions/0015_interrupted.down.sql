ALTER TABLE reconciliations DROP COLUMN claimed_until;
