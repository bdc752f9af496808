"""How do two clocks relate, by the events that both have seen?"""
