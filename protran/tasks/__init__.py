"""What a model must do: data sets split into training, validation and test."""
