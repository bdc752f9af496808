"""Sums and mixtures of uncertain numbers and curves, and what they leave."""
