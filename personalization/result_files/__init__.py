"""Feedback and quiz results as CSV, from a learning platform: read and checked, nothing written."""
