"""What a channel is: its spec, its formats, its store. Knows neither Pulumi nor the command line."""
