"""From a frozen plan to a signed one: annexed to an agreement, its signed document deposited, signed."""
