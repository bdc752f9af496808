"""What does a user declare, and what is still missing?"""
