"""Does a film wet its host, when do dislocations pay, and how large is an island that stays?"""
