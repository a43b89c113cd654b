-- Until when the process that runs it is believed to be alive; none where a job does, which is taken up again by itself.
ALTER TABLE reconciliations ADD COLUMN claimed_until timestamptz;
UPDATE reconciliations SET claimed_until = coalesce(started_at, asked_at)
    WHERE status IN ('waiting', 'running') AND actor = 'cli';
