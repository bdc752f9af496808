"""How steep is an ordered series whose scatter remembers itself, and which cause goes with it?"""
