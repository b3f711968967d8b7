"""The Store, the only memory of the house: tables, transactions, leases, migrations. All the SQL."""
