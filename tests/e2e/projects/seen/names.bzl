"""What rule sets put into every link."""

NAMES = ["-l" + name for name in [
    "c",
    "gcc_s",
    "unwind",
    "stdc++",
    "c++",
    "gcc",
    "gcc_eh",
    "pthread",
    "m",
    "dl",
    "rt",
    "util",
    "resolv",
    "crypt",
    "atomic",
]]
