"""Values that every step shares, and the rules that each of them keeps. Imports nothing of ours but messages."""
