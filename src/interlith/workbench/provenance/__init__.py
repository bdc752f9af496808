"""Where does a number come from, and how does a study leave the house with all that it rests on?"""
