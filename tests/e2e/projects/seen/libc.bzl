"""The libc of a C++ toolchain, as the config_settings of @rules_cc//cc/libc (0.2.25) read it: a name, and behind a dash a version."""

def _which_libc_impl(ctx):
    name, _, version = ctx.toolchains["@bazel_tools//tools/cpp:toolchain_type"].cc.libc.partition("-")
    output = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(output, "%s %s\n" % (name, version))
    return [
        DefaultInfo(files = depset([output])),
        config_common.FeatureFlagInfo(value = name),
    ]

which_libc = rule(
    implementation = _which_libc_impl,
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
