"""Does what is printed follow from what is printed?"""
