"""Claims: against a named reference model, what members of a campaign's verified front are worth."""
