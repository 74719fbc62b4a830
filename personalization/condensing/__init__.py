"""What is too long for a model's window: how it is divided, what must not get lost, how it is asked for."""
