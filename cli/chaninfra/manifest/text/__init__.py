"""One writer per file type: `document(notes, values)` returns the whole text. Without libraries: start time."""
