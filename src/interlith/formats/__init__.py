"""Which vendor files can be read, one module each?"""
