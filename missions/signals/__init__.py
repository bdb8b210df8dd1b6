"""What enters from outside: readings of sensors, citizens' reports, other systems' AI finds."""
