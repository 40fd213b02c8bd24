"""What operators' files come in: their names, their encryption, their archives; pure and bounded."""
