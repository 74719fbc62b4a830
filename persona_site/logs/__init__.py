"""One line for each event, with the ids that belong to it; never a learner's data, and never a key."""
