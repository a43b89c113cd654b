UPDATE subscriptions SET asked = NULL, asked_key = NULL, asked_comment = NULL, asked_at = NULL WHERE asked IN ('pause', 'unpause');
ALTER TABLE subscriptions
    DROP CONSTRAINT subscriptions_asked_check,
    ADD CONSTRAINT subscriptions_asked_check CHECK (asked IN ('cancel', 'cancel_at_end', 'keep')),
    DROP COLUMN resume_at;
DROP TABLE subscription_changes;
