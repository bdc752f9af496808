"""Which published constants and tables does the code rest on, and where do they come from?"""
