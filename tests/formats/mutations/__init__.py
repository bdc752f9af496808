"""Damage to cycler files, made on purpose and named by a number: what is damaged, how, and what a user then gets.

`bases` says which file is damaged, `kinds` and `members` how, and `judging` what came out beside the undamaged file. The same
format, seed and number always make the same bytes. `benchmarks/mutations.py` makes them by the ten thousand, and
`tests/formats/test_mutations.py` a few of each on every change.
"""
