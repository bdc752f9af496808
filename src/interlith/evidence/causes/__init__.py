"""How steep is it, and what explains it?"""
