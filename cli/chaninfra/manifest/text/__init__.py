"""One writer per file type: `document(notes, values)` returns the whole text.

They use no libraries, which would make every start slower.
"""
