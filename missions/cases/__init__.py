"""Cases: from a find to its proven end in seven steps."""
