"""Which steps of a study must be taken, who takes them, and what follows from their results?"""
