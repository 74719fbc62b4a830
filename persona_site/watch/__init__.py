"""What machines ask: does the process live, can it serve, how much is done."""
