class CannotBringBack(Exception):
    """What was asked to come back has no place any more; nothing was written. Says why, for the person."""
