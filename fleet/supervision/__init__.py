"""`fleet up`: every process under one supervisor, with private services where no address is given."""
