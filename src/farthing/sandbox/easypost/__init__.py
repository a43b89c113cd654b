"""A small EasyPost beside the small Stripe: rates, labels and trackers under /easypost/v2. Its parcels move with the clock."""
