"""One module per command.

A module imports at the top only what the parameters need, since every start imports all of them; the function imports
the rest when it runs.
"""
