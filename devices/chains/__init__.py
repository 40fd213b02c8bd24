"""Two metering chains on one point: how what one counts relates to what the other counts."""
