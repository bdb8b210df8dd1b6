"""What makes a photograph evidence: its digest, a sealed bundle, and copies that show nobody."""
