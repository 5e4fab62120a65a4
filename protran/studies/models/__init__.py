"""The study of text classifiers: models, each in several precisions and runtimes, compared on one data set."""
