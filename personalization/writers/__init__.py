"""Who writes a text. Every writer has one signature: a brief in, a draft out."""
