"""Plots of frozen results."""
