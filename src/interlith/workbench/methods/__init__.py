"""Do two programs make the same numbers of the same data, and if not, why?"""
