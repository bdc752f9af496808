"""Which forward models and laws do techniques and formats share?"""
