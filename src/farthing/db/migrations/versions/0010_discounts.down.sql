DROP TABLE redemptions, promotion_codes, coupons;
