"""A fleet that does not exist, whole: invented municipalities, generated weather, buildings that obey physics.

Everything here is synthetic and says so wherever it is shown. The generator is pure (`timeline`, `school_holidays`,
`hours`, `weather`, `municipalities`, `uses`, `measures`, `portfolio`, `occupation`, `heat`, `buildings`, `metering`):
the same seed gives the same readings. The rest writes its story into a database through the verbs of the floors
(`fill`), speaks for its sensors over MQTT (`live`), and shows what came of it (`table`).
"""
