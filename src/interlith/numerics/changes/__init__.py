"""Where does a series change its course, and in which order?"""
