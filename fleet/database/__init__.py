"""The database before anything runs: roles and database made once, migrations, durability demanded."""
