"""How do instruments lay out their tables: text, sheets, archives, the words of each vendor?"""
