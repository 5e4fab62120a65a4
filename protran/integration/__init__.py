"""Where other people's programs meet ProTran."""
