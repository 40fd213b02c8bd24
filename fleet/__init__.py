"""The roof: how everything is served. It imports every floor and no floor imports it."""
