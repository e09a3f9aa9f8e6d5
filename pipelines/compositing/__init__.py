"""Teacher, page and scene become the programme."""
