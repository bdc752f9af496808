"""How do raw study folders with known truth come about? Physics composed with the writers of formats."""
