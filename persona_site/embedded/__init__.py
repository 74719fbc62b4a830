"""PostgreSQL and Valkey that start by themselves, for development, the demo and the tests."""
