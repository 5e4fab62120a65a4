"""From a campaign in the ledger to the document that its page shows."""
