"""What people ask: old questions read in, grouped and compared."""
