LinkStyle = enum("static", "static_pic", "shared")
