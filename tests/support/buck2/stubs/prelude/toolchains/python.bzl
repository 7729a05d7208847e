load("@prelude//python_bootstrap:python_bootstrap.bzl", "PythonBootstrapToolchainInfo")

def _impl(ctx):
    return [DefaultInfo(), PythonBootstrapToolchainInfo(interpreter = ctx.attrs.interpreter)]

system_python_bootstrap_toolchain = rule(
    impl = _impl,
    attrs = {"interpreter": attrs.string(default = "python3")},
    is_toolchain_rule = True,
)
