"""Where do atoms sit, and what follows from symmetry?"""
