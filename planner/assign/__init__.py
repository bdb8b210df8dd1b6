"""Who flies what when: a first plan, and better ones."""
