"""Analytics: answers to questions about everything that was tracked, from a derived copy of each list."""
