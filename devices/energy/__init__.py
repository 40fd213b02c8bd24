"""Clean energy: what indexes prove, hour by hour and local day by local day (truths 2 and 3)."""
