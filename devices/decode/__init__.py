"""What a message pasted or in a file would be read as, without a broker or a database."""
