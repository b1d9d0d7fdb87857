"""Stacks on images deeper than 8 bits: interpolated layers, and a base of the image's depth."""
