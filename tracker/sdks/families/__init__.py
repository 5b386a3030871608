"""Families of SDKs: one module each, with its routes, and functions that read and answer its requests."""
