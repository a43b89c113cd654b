ALTER TABLE subscriptions DROP COLUMN discounts;
ALTER TABLE subscription_changes DROP COLUMN promotion_code;
ALTER TABLE subscription_starts DROP CONSTRAINT subscription_starts_coupon, DROP COLUMN discount;
DROP TABLE provider_coupons;
DELETE FROM redemptions WHERE order_id IS NULL;
ALTER TABLE redemptions
    DROP CONSTRAINT redemptions_belong_to_one_thing,
    DROP COLUMN start_id,
    DROP COLUMN change_id,
    ALTER COLUMN order_id SET NOT NULL;
ALTER TABLE coupons DROP CONSTRAINT coupons_say_how_long, DROP COLUMN duration, DROP COLUMN duration_months;
