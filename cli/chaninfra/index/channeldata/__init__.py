"""channeldata.json: what the packages of a channel say of themselves, for other tools."""
