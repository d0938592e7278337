"""The chat inside the pages of other sites: which may show it, and whom they vouch for."""
