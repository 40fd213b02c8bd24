"""Set the day it is, in demonstration and tests only."""
