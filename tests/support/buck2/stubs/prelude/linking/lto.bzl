LtoMode = enum("none", "fat", "monolithic", "thin")
