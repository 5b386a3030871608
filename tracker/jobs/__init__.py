"""What takes longer than a call, and who goes on with it? Jobs in small steps, resumed by any process."""
