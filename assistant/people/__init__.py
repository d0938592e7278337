"""How people get in: invitations, new passwords, locks, and sign-in through the company."""
