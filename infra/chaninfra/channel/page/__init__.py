"""The page of a channel: a static web page that reads the index in the browser."""
