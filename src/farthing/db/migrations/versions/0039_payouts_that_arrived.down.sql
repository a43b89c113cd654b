DROP INDEX payouts_arrived;
