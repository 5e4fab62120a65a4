"""Studies on texts: documents with labels, and what models of them keep when they are made smaller."""
