"""Takes a verified candidate home: a folder with its trained model, what its inputs go through, and a model card."""
