"""Reads facts from one ELF file: headers, dynamic segment, symbols, notes, and texts."""
