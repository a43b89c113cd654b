DROP TABLE downloads, access_versions, purchase_reversals, purchases;
