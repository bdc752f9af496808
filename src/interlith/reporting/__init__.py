"""How are results shown: figures, tables, one page?"""
