"""What is held about a person, how is it handed out, and how does it go for good? Export, forget, retention."""
