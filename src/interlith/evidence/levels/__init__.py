"""At which dose, where do they cross, which level is best?"""
