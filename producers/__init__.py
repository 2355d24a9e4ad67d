"""Pollers: one package per source system, and what they share."""
