"""How does a powder diffract: lines, their shapes, and what they follow from?"""
