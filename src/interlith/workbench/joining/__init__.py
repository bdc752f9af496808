"""In which state was a specimen, if another instrument kept the log of it?"""
