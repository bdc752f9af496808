"""Which pure array operations, free of any battery, do the rooms below share?"""
