"""What the servers of chaninfra share: the thread that one runs in, and connections with time limits."""
