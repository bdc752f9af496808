"""What follows from observables, and how sure is it?"""
