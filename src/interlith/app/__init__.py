"""What does a person type or click?"""
