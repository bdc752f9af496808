"""Will a dopant dissolve in a host?"""
