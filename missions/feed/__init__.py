"""What changed, told in order: the feed, and the webhooks that carry it to other systems."""
