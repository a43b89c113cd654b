ALTER TABLE subscriptions DROP COLUMN trial_refused_at;
ALTER TABLE subscription_starts DROP COLUMN trial_given;
DROP TABLE trial_claims;
