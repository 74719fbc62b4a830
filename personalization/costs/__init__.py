"""What texts cost: estimated before a run from sizes and past usage, added up afterwards from the ledger."""
