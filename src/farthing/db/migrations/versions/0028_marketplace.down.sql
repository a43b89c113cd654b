DROP TABLE transfer_reversals, transfers, shipment_lines, shipments, seller_order_lines, seller_orders, earning_reversals,
    earnings, listings;
