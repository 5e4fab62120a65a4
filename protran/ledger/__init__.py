"""The ledger: what was asked, what was answered, and what each campaign has seen. Append-only."""
