"""Built-in commands, one module each, loaded by the same registry as plugins."""
