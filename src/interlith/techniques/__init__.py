"""Which techniques turn measurements into observables, one folder each?"""
