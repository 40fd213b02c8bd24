"""A fleet that does not exist, whole: invented municipalities, generated weather, buildings that obey physics.

Everything here is synthetic and says so wherever it is shown. The generator
(`timeline`, `school_holidays`, `weather`, `municipalities`, `uses`, `measures`,
`portfolio`, `occupation`, `heat`, `buildings`, `metering`) is pure: the same seed
gives the same kWh on every machine.
"""
