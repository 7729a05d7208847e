load("@prelude//cxx:cxx_toolchain_types.bzl", "CxxInternalTools")

def _impl(_ctx):
    return [DefaultInfo(), CxxInternalTools()]

cxx_internal_tools = rule(impl = _impl, attrs = {})
