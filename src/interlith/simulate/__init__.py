"""How would raw files of a study with known truth look?"""
