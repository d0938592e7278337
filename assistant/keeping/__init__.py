"""What keeps a desk's own data: backup, restore and upgrade."""
