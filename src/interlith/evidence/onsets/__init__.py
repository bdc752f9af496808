"""Where does it start to change, and which change comes first?"""
