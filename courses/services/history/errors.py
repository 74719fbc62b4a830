class CannotBringBack(Exception):
    """What was asked to come back has no place any more; nothing was written. Says why, for the person."""


class NumberTaken(CannotBringBack):
    """Another lesson has its number; at the next free one it can come."""
