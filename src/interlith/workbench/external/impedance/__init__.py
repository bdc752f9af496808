"""How do results of other impedance programs (RelaxIS, ZView, pyimpspec, DearEIS, impedance.py, DRTtools) come in?"""
