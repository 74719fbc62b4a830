"""Keeps requests and tokens per minute within the provider's limits, for all workers together.

`factory.make_limiter(model)` makes what a writer asks before each request; `view.read_limits(model)` and
`waits.waits()` tell people and metrics how it goes. How it works: `policy` says what is allowed, `pace` when,
`shared` keeps both in Redis for all workers, `pacing` goes on alone where Redis is away.
"""
