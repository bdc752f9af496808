"""Is it a mixture, do routes agree, does the sum close?"""
