"""The compression study: trained classifiers of windows, made smaller in every way, beside the front of a search."""
