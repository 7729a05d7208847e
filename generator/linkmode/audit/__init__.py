"""Reports what an ELF file is, from its program headers and dynamic segment.

``elf`` reads facts, ``policy`` holds what is known of libcs and machines, ``verdict`` judges facts, ``report`` prints.
The checker inside Bazel (templates/common/tools/elfcheck) says the same in C; tests/parity holds the two to each other,
so a change of wording or rule here is made there too.
"""
