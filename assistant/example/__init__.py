"""The example company's visitors: what they ask, and how they go through the desk."""
