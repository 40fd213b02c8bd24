"""What an avoided kilowatt-hour is worth, by energy and date."""
