"""How does a person correct what the software decided by itself, and what hangs on it?"""
