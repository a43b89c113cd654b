DROP TABLE stock_movements, stock_reservations, stock_levels, stock_items, stock_locations;
