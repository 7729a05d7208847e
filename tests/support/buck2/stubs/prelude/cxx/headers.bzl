HeaderMode = enum("header_map_only", "symlink_tree_only", "symlink_tree_with_header_map")
