"""What meters of the network operators say: files and answers of their information systems."""
