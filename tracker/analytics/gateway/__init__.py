"""Reports gateway, as those who ask it know it: where it is, the secret that both have, and one message with its reply."""
