"""The page of a campaign: one JSON document, and one HTML file that shows it without any other file."""
