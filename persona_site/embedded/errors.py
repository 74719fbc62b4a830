"""What a user is told when an embedded server cannot be had."""


class EmbeddedServerError(Exception):
    """One line for the user: which server, what is wrong, what to do. Holds no secret."""
