"""Learners as files of a store: user_profiles.json and personalize/. Nothing here writes."""
