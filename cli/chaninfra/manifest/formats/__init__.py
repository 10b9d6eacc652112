"""One module per program or CI system, and the table of all formats."""
