"""The methods that a search benchmark compares, one file per family, behind one small interface."""
