"""Where does a line meet a level, another line, its own top?"""
