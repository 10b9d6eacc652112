"""Patches of the records of packages (hotfixes): the document that has them, and who writes it."""
