"""What the commands print: results, notes, progress and reports."""
