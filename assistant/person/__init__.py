"""A person: requests for one, the live chat with the team, their inbox, and what is mailed about it."""
