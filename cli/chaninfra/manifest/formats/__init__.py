"""One renderer per format that `chaninfra manifest` prints."""
