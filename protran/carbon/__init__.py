"""Grams of CO2e: energy times the carbon intensity of a grid, never better than the energy that they come from."""
