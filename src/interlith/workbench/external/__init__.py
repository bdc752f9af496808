"""How do numbers of other programs come in?"""
