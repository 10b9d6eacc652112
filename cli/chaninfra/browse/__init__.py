"""`chaninfra browse`: the page of a channel on this machine, with the reader's credentials; see docs/browse.md."""
