"""Which commands are built in? One module each; they come through the same door as any plugin."""
