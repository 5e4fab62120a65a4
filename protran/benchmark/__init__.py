"""How good searches are on published tables: which rows they ask for, and what these are worth."""
