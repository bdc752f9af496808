"""How do formats, techniques and evidence come together in a study?"""
