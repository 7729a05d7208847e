"""The module extension that Bazel's own module asks for, with an empty repository."""

def _empty_repo_impl(rctx):
    rctx.file("BUILD.bazel", "")

_empty_repo = repository_rule(
    doc = "A repository without targets.",
    implementation = _empty_repo_impl,
)

def _buildozer_binary_impl(_mctx):
    _empty_repo(name = "buildozer_binary")

buildozer_binary = module_extension(
    doc = "Declares @buildozer_binary.",
    implementation = _buildozer_binary_impl,
)
