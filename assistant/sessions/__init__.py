"""One visitor at one page: what they send, what they are told, and their own conversations."""
