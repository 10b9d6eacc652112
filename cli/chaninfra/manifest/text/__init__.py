"""Writers of TOML, YAML and shell."""
