"""How do results of other Rietveld programs (GSAS-II, FullProf) come in?"""
