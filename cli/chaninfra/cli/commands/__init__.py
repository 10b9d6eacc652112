"""One module a command. Each imports at its top only what its parameters need; the work is imported when it runs."""
