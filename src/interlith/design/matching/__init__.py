"""Does a film fit a host: faces, common cells, strain, shared anions, interfaces, open channels?"""
