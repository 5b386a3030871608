"""What is known of the persons on a list? Custom fields, and how persons are named in parameters and answers."""
