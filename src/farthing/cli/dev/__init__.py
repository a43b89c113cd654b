"""`farthing dev`: database, sandbox, API, worker and shop as one group of processes that starts and ends together."""
