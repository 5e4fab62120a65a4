"""The live page: a small web server that only reads."""
