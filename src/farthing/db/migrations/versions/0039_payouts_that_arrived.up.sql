-- A bank may send back what it had taken: what arrived lately is looked at each day.
CREATE INDEX payouts_arrived ON payouts (arrives_at) WHERE status = 'paid';
