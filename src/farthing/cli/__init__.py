"""The command line: `farthing dev` and everything else that is done from a terminal. Each command is a thin door."""
